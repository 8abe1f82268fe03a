#!/bin/sh
# Deploys the packed functions and template.yaml to an environment: see local/cli/help/deploy.txt.
#
# The name of a release is a digest of everything that it consists of: functions, template, parameters. When the name
# changes, CloudFormation publishes a new version of every function and moves its alias; otherwise it does neither.
cd "$(dirname "$0")/../../.." || exit
usage() { echo "usage: ./local/shop deploy dev|prod [--dry-run] [--force-publish] [options of sam deploy]" >&2; exit 2; }

environment=$1
parameters=local/ops/environments/$environment.yaml
[ -n "$environment" ] && [ -f "$parameters" ] || usage
shift
dry_run='' publish=''
while :; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --force-publish) publish=$(date +%s) ;;
    *) break ;;
  esac
  shift
done

packed=target/lambda
if ! (cd "$packed" && sha256sum --check --quiet SHA256SUMS >&2); then
  echo "error: $packed is not as it was packed: run ./local/shop package" >&2
  exit 1
fi
release=$( (cat "$packed/SHA256SUMS" template.yaml "$parameters" && echo "$publish") | sha256sum | cut -c 1-16)
set -- sam deploy --config-file local/ops/environments/samconfig.toml --config-env "$environment" \
  --parameter-overrides "file://$parameters" "file://$packed/parameters.yaml" "Release=$release" \
  --tags "project=sijang environment=$environment template=$(sha256sum template.yaml | cut -c 1-64)" "$@"
echo "release $release of $(wc -l < "$packed/SHA256SUMS") functions to $environment" >&2
if [ -n "$dry_run" ]; then
  echo "$*"
  exit
fi
command -v sam > /dev/null || { echo "error: sam is missing: pip install aws-sam-cli" >&2; exit 1; }
SAM_CLI_TELEMETRY=0 exec "$@"
