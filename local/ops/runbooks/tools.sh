# What the runbooks' commands have in common; to be sourced: `. local/ops/runbooks/tools.sh`
# It wants the AWS CLI, the usual credentials and region, and the stack's name in STACK.
: "${STACK:?set STACK to the name of the stack}"

# The address of one of the stack's queues: queue_url order-events
queue_url() {
  aws sqs get-queue-url --queue-name "$STACK-$1" --query QueueUrl --output text
}

# How many messages are waiting in a queue, and how many are with a receiver.
depth() {
  aws sqs get-queue-attributes --queue-url "$(queue_url "$1")" --attribute-names All --output text \
    --query 'Attributes.[ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible]'
}

# Ten messages of a queue, a line each: identifier and how the body begins. They stay as visible as they were.
letters() {
  aws sqs receive-message --queue-url "$(queue_url "$1")" --max-number-of-messages 10 --visibility-timeout 0 \
    --query 'Messages[].[MessageId, Body]' --output text | grep -v '^None$' | cut -c 1-160
}

# Of those, the identifiers of what is no event at all.
unreadable() {
  letters "$1" | awk '$2 !~ /^\{"specversion"/ { print $1 }'
}

# Deletes one message for good: discard order-events-dlq IDENTIFIER
discard() {
  local url handle
  url=$(queue_url "$1")
  handle=$(aws sqs receive-message --queue-url "$url" --max-number-of-messages 10 --visibility-timeout 0 \
    --query "Messages[?MessageId=='$2'].ReceiptHandle | [0]" --output text)
  [ "$handle" != None ] || { echo "$2 is not among the first ten: once more" >&2; return 1; }
  aws sqs delete-message --queue-url "$url" --receipt-handle "$handle" && echo "$2 is gone"
}

# What Lambda polls for a function, whichever version of it: mapping record-sales
mapping() {
  aws lambda list-event-source-mappings --output text \
    --query "EventSourceMappings[?contains(FunctionArn, '$STACK-$1')].UUID | [0]"
}

# The last hours of all functions' logs, by a query of Logs Insights: insights 3 'filter level = "ERROR" | limit 20'
insights() {
  local now id
  now=$(date +%s)
  id=$(aws logs start-query --log-group-name "/$STACK/functions" --start-time $((now - $1 * 3600)) --end-time "$now" \
    --query-string "$2" --query queryId --output text)
  sleep 5
  aws logs get-query-results --query-id "$id" --query 'results[].[*].value' --output text
}

# Looks at the books of one day again, now: reconcile 2026-11-20 [minutes that an order may take to be counted]
reconcile() {
  aws lambda invoke --function-name "$STACK-reconcile-day" --cli-binary-format raw-in-base64-out \
    --payload "{\"day\":\"$1\",\"settling_minutes\":${2:-15}}" /dev/stdout
}
