"""Starts MiniStack. Left to itself, it parses the expressions of a query again for every item that it compares."""

from functools import lru_cache

from ministack.app import main
from ministack.services import dynamodb

for parse in (dynamodb._tokenize, dynamodb._condition_syntax_error):
    setattr(dynamodb, parse.__name__, lru_cache(maxsize=1_000)(parse))

main()
