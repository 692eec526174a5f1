"""`/graphql/reporting`: as `/graphql`, on the schema of the reports."""

from schema.http import answering
from schema.reporting.root import execute

endpoint = answering(execute)
