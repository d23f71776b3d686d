"""What Prometheus's own parser reads in the engine's metrics: one line of JSON for each family.

The one argument is a JSON document: text.
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

for family in text_string_to_metric_families(json.loads(sys.argv[1])["text"]):
    samples = [[sample.name, sample.labels, sample.value] for sample in family.samples]
    print(json.dumps(dict(name=family.name, type=family.type, help=family.documentation, samples=samples)))
