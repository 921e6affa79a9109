# Reads a JSON array of [format, text] from standard input, and writes what prometheus_client reads in each: an array of
# families, or a message where it refuses. Numbers are text, since JSON knows no NaN.
import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as classic

PARSERS = {'openmetrics': openmetrics, 'text': classic}


def families(kind, text):
    found = PARSERS[kind].text_string_to_metric_families(text)
    return [
        {
            'name': family.name,
            'type': family.type,
            'help': family.documentation,
            'unit': family.unit,
            'samples': [[s.name, s.labels, repr(float(s.value))] for s in family.samples],
        }
        for family in found
    ]


def read(kind, text):
    try:
        return families(kind, text)
    except Exception as error:
        return f'{type(error).__name__}: {error}'


json.dump([read(kind, text) for kind, text in json.load(sys.stdin)], sys.stdout)
