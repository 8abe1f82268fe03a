#!/bin/sh
# Deploys the packed functions and template.yaml to an environment: see local/cli/help/deploy.txt.
#
# The name of a release is a digest of functions, template and parameters. With any change, every function gets a new
# version and its alias moves; without one, nothing is published. --force-publish publishes without a change, for
# example after a new value of a secret.
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

# The name of the stack: the environment's, or that of an option. Names of functions begin with it (64 characters at
# most), and so do the domains of the sign-in pages (no capital letters, no words of AWS's own).
stack=$(sed -n "/^\[$environment\./,/^\[/ s/^stack_name = \"\(.*\)\"$/\1/p" local/ops/environments/samconfig.toml)
named=''
for argument; do
  case $argument in
    --stack-name=*) stack=${argument#*=} ;;
    *) [ "$named" != --stack-name ] || stack=$argument ;;
  esac
  named=$argument
done
if ! expr "$stack" : '[a-z][a-z0-9-]*$' > /dev/null || [ ${#stack} -gt 38 ] || expr "$stack" : '.*\(aws\|amazon\|cognito\)' > /dev/null; then
  echo "error: \"$stack\" cannot be the name of the stack: it must have at most 38 lower-case letters, digits and hyphens," \
    "begin with a letter, and not contain aws, amazon or cognito" >&2
  exit 2
fi

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
