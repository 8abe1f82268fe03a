# Functions that the runbooks' commands share. Source this file: `. local/ops/runbooks/tools.sh`
# It needs the AWS CLI, credentials, a region, and the stack's name in STACK.
: "${STACK:?set STACK to the name of the stack}"

# Prints the URL of a queue of the stack: queue_url order-events
queue_url() {
  aws sqs get-queue-url --queue-name "$STACK-$1" --query QueueUrl --output text
}

# Prints how many messages of a queue are waiting and how many are in flight: depth order-events
depth() {
  aws sqs get-queue-attributes --queue-url "$(queue_url "$1")" --attribute-names All --output text \
    --query 'Attributes.[ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible]'
}

# Prints up to ten messages of a queue, one a line: identifier and the first characters of the body. They stay visible.
messages() {
  aws sqs receive-message --queue-url "$(queue_url "$1")" --max-number-of-messages 10 --visibility-timeout 0 \
    --query 'Messages[].[MessageId, Body]' --output text | grep -v '^None$' | cut -c 1-160
}

# Prints the identifiers of those messages that are not events: unreadable order-events-dlq
unreadable() {
  messages "$1" | awk '$2 !~ /^\{"specversion"/ { print $1 }'
}

# Deletes one message: discard order-events-dlq IDENTIFIER
discard() {
  local url handle
  url=$(queue_url "$1")
  handle=$(aws sqs receive-message --queue-url "$url" --max-number-of-messages 10 --visibility-timeout 0 \
    --query "Messages[?MessageId=='$2'].ReceiptHandle | [0]" --output text)
  [ "$handle" != None ] || { echo "$2 is not among the ten messages received: repeat the command" >&2; return 1; }
  aws sqs delete-message --queue-url "$url" --receipt-handle "$handle" && echo "$2 is gone"
}

# Prints the identifier of a function's event source mapping: mapping record-sales
mapping() {
  aws lambda list-event-source-mappings --output text \
    --query "EventSourceMappings[?contains(FunctionArn, '$STACK-$1')].UUID | [0]"
}

# Queries the last hours of all functions' logs with Logs Insights: insights 3 'filter level = "ERROR" | limit 20'
insights() {
  local now id
  now=$(date +%s)
  id=$(aws logs start-query --log-group-name "/$STACK/functions" --start-time $((now - $1 * 3600)) --end-time "$now" \
    --query-string "$2" --query queryId --output text)
  sleep 5
  aws logs get-query-results --query-id "$id" --query 'results[].[*].value' --output text
}

# Reconciles one day, now: reconcile 2026-11-20 [minutes that an order may take to be counted, 15 by default]
reconcile() {
  aws lambda invoke --function-name "$STACK-reconcile-day" --cli-binary-format raw-in-base64-out \
    --payload "{\"day\":\"$1\",\"settling_minutes\":${2:-15}}" /dev/stdout
}
