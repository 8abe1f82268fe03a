//! The short run of the fuzz targets: everything in the corpus, and some thousand mutations of it, always the same ones.

use std::{collections::BTreeSet, fs, panic, path::PathBuf, time::Instant};

use fastrand::Rng;
use sijang_fuzz::{mutations::mutated, run, targets};

/// Inputs for each target, beside its corpus.
const MUTATIONS: usize = 2_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../lab/fuzz/corpus")
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(folder().join(target)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn no_input_makes_a_target_do_what_it_must_not() {
    let began = Instant::now();
    let mut executions = 0;
    for target in targets() {
        let corpus = corpus(target);
        assert!(corpus.len() >= 3, "{target} has next to no corpus");
        let mut rng = Rng::with_seed(20_261_121);
        let mutations = (0..MUTATIONS).map(|_| mutated(&corpus, &mut rng));
        for input in corpus.iter().cloned().chain(mutations) {
            let shown = String::from_utf8_lossy(&input).into_owned();
            panic::catch_unwind(|| run(target, &input)).unwrap_or_else(|_| panic!("{target}: {shown:?}"));
            executions += 1;
        }
    }
    eprintln!("fuzz: {executions} inputs for {} targets in {:.1} s", targets().count(), began.elapsed().as_secs_f64());
}

#[test]
fn every_corpus_has_its_target() {
    let folders = fs::read_dir(folder()).unwrap().map(|folder| folder.unwrap().file_name().into_string().unwrap());
    assert_eq!(folders.collect::<BTreeSet<_>>(), targets().map(str::to_owned).collect());
}
