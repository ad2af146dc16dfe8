#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check what `rstscope watch --json` wrote against its schema.

Usage: schema.py [SCHEMA] FILE|DIRECTORY...

SCHEMA is a file named *.schema.json, by default docs/report.schema.json of this tree. Every line of
each FILE, and of each *.ndjson file below a DIRECTORY, must be a JSON object that conforms. Prints
one "ok - N objects of FILE conform" or "not ok - ..." a file, with the first few faults.

Exit status: 0 all conform; 1 something does not, or there was no object at all; 2 usage.
"""
import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "docs" / "report.schema.json"
FAULTS_SHOWN = 5


def reject_constant(name):
    raise ValueError(f"{name} is not JSON")


def reject_duplicates(pairs):
    keys = [key for key, _ in pairs]
    doubles = {key for key in keys if keys.count(key) > 1}
    if doubles:
        raise ValueError(f"key given twice: {', '.join(sorted(doubles))}")
    return dict(pairs)


def faults_of_line(validator, line):
    """Yield "path: message" for each fault of one line."""
    try:
        obj = json.loads(line.decode("utf-8"), parse_constant=reject_constant,
                         object_pairs_hook=reject_duplicates)
    except ValueError as err:  # of JSON or of UTF-8
        yield f"$: {err}"
        return
    for err in validator.iter_errors(obj):
        # Where alternatives failed, the best of them tells more than "not valid under any".
        best = jsonschema.exceptions.best_match([err])
        yield f"{best.json_path}: {best.message[:300]}"


def check_file(validator, path):
    """Return (number of objects, list of faults)."""
    count, faults = 0, []
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            count += 1
            faults += [f"line {number}: {fault}" for fault in faults_of_line(validator, line)]
            if not line.endswith(b"\n"):
                faults.append(f"line {number}: no newline at its end")
    return count, faults


def files_of(arg):
    path = pathlib.Path(arg)
    return sorted(path.rglob("*.ndjson")) if path.is_dir() else [path]


def main(args):
    if not args or args[0] in ("-h", "--help"):
        print(__doc__, end="", file=sys.stdout if args else sys.stderr)
        return 0 if args else 2
    schema_path = SCHEMA
    if args[0].endswith(".schema.json"):
        schema_path, args = pathlib.Path(args[0]), args[1:]
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    total, failed = 0, False
    for path in [path for arg in args for path in files_of(arg)]:
        try:
            count, faults = check_file(validator, path)
        except OSError as err:
            count, faults = 0, [str(err)]
        total += count
        if not faults:
            print(f"ok - {count} object{'' if count == 1 else 's'} of {path} conform")
            continue
        failed = True
        print(f"not ok - {path}: {len(faults)} faults in {count} objects")
        for fault in faults[:FAULTS_SHOWN]:
            print(f"# {fault}")
    if not total:
        print("not ok - there was no object to check")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
