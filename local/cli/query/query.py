"""Runs SQL over the Parquet files of the data platform, with DuckDB.

Reads a JSON document from standard input: `folder` of the files, the `sql`, its `parameters`, and `json`, which is true for
rows as JSON instead of a table. The tables are named as they are in Athena.
"""

import json
import sys
from pathlib import Path

import duckdb

TABLES = ["orders", "order_lines", "product_days"]


def main():
    task = json.load(sys.stdin)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Seoul'")
    for table in TABLES:
        files = Path(task["folder"]) / table
        if not files.is_dir():
            sys.exit(f"there are no files of {table} in {task['folder']}: ./local/shop export exports a day")
        # By name: files of an earlier release lack the columns that were added since.
        connection.execute(
            f"CREATE VIEW {table} AS SELECT * FROM "
            f"read_parquet('{files}/day=*/*.parquet', hive_partitioning = true, hive_types = {{'day': DATE}}, "
            "union_by_name = true)"
        )
    try:
        if task["json"]:
            result = connection.execute(task["sql"], task["parameters"])
            names = [column[0] for column in result.description]
            json.dump([dict(zip(names, row)) for row in result.fetchall()], sys.stdout, default=str)
            print()
        else:
            connection.sql(task["sql"], params=task["parameters"]).show(max_rows=1_000, max_width=240)
    except duckdb.Error as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
