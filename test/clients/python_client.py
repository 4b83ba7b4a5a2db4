"""Runs pieces of Python that the tests send, one JSON line each, against the local service: globals stay between them."""

import json
import sys
import textwrap
import traceback

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 0})
scope = {
    "boto3": boto3,
    "json": json,
    "Config": Config,
    "ClientError": ClientError,
    "s3": boto3.client("s3", config=config),
    "sagemaker_client": boto3.client("sagemaker", config=config),
    "runtime": boto3.client("sagemaker-runtime", config=config),
}


def error_of(call):
    """Code, status and message of the ClientError that a call ends with; None when it goes well."""
    try:
        call()
    except ClientError as error:
        said = error.response
        return [said["Error"].get("Code"), said["ResponseMetadata"]["HTTPStatusCode"], said["Error"].get("Message")]


scope["error_of"] = error_of
answers = sys.stdout
sys.stdout = sys.stderr
print("ready", file=answers, flush=True)
for line in sys.stdin:
    code, values = json.loads(line)
    try:
        exec("def piece(values):\n" + textwrap.indent(textwrap.dedent(code), "    "), scope)
        answer = {"value": scope["piece"](values)}
    except BaseException:
        answer = {"failure": traceback.format_exc()}
    print(json.dumps(answer, default=str), file=answers, flush=True)
