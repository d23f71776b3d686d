"""The official Python SDK as a client of the engine: every call once, one line of JSON for each.

The one argument is a JSON document: mode, port, bucket, region, id, key, clip.
"""

import json
import socket
import sys
import time
from importlib.metadata import version

from qcloud_cos import CosConfig, CosS3Client, CosServiceError

given = json.loads(sys.argv[1])
BUCKET, REGION, PORT = given["bucket"], given["region"], given["port"]


def settings(key):
    """How this mode is set up, with nothing but what the SDK offers."""
    common = dict(Region=REGION, SecretId=given["id"], SecretKey=key, Scheme="http")
    if given["mode"] == "host":
        return dict(
            common,
            Endpoint=f"cos.{REGION}.myqcloud.com:{PORT}",
            EndpointCi=f"ci.{REGION}.myqcloud.com:{PORT}",
        )
    if given["mode"] == "proxy":
        return dict(common, Proxies={"http": f"http://127.0.0.1:{PORT}"})
    return dict(common, IP="127.0.0.1", Port=PORT)


if given["mode"] == "host":
    # What a line in /etc/hosts does: the service's names lead to this machine.
    look_up = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: look_up(
        "127.0.0.1" if str(host).endswith(".myqcloud.com") else host, *rest, **more
    )


def tell(call, answer):
    print(json.dumps({"call": call, "answer": answer}), flush=True)


client = CosS3Client(CosConfig(**settings(given["key"])))
with open(given["clip"], "rb") as clip:
    put = client.put_object(Bucket=BUCKET, Body=clip, Key="in/a b+中文.mp4", EnableMD5=True)
tell("put object", bool(put["etag"]))
tell("head object", int(client.head_object(Bucket=BUCKET, Key="in/a b+中文.mp4")["content-length"]))
listed = client.list_objects(Bucket=BUCKET, Prefix="in/")
tell("list objects", [each["Key"] for each in listed["Contents"]])
buckets = client.ci_get_media_bucket(Regions=REGION, BucketName=BUCKET, PageNumber="1", PageSize="2")
tell("list buckets", [each["Name"] for each in buckets["MediaBucketList"]])


def job(output, **cover):
    return {
        "Tag": "SmartCover",
        "Input": {"Object": "in/a b+中文.mp4"},
        "Operation": {
            "SmartCover": dict({"Format": "jpg", "Width": "320", "Height": ""}, **cover),
            "Output": {"Region": REGION, "Bucket": BUCKET, "Object": output},
            "UserData": "<&> data",
        },
    }


made = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=job("covers/${number}.jpg", Count="2"), Lst={})
made = made["JobsDetail"][0]
tell("create job", [made["Code"], made["Operation"]["UserData"]])
while True:
    both = client.ci_get_media_jobs(Bucket=BUCKET, JobIDs=made["JobId"] + ",jnosuchjob")
    described = both["JobsDetail"][0]
    if described["State"] not in ("Submitted", "Running"):
        break
    time.sleep(0.05)
covers = described["Operation"]["MediaResult"]["OutputFile"]["ObjectName"]
tell("describe jobs", [described["State"], covers, both["NonExistJobIds"]])
cover = client.get_object(Bucket=BUCKET, Key="covers/0.jpg")["Body"].get_raw_stream().read()
tell("get object", cover[:3].hex())
part = client.get_object(Bucket=BUCKET, Key="covers/0.jpg", Range="bytes=0-2")
tell("get a range", part["Body"].get_raw_stream().read().hex())

queue = client.ci_get_media_queue(Bucket=BUCKET)["QueueList"][0]
tell("list queues", queue["State"])


def set_queue(state):
    request = {
        "Name": queue["Name"],
        "QueueID": queue["QueueId"],
        "State": state,
        "NotifyConfig": {"Type": "Url", "Url": "http://127.0.0.1:9/", "Event": "TaskFinish", "State": "Off"},
    }
    return client.ci_update_media_queue(
        Bucket=BUCKET, QueueId=queue["QueueId"], Request=request, ContentType="application/xml"
    )["Queue"][0]["State"]


tell("update queue", set_queue("Paused"))
waiting = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=job("never/${number}.jpg"), Lst={})["JobsDetail"][0]["JobId"]
client.ci_cancel_jobs(Bucket=BUCKET, JobID=waiting)
ended = client.ci_get_media_jobs(Bucket=BUCKET, JobIDs=waiting)["JobsDetail"][0]
tell("cancel job", ended["State"])
set_queue("Active")
page = client.ci_list_media_jobs(Bucket=BUCKET, Tag="SmartCover", Size=1)
rest = client.ci_list_media_jobs(Bucket=BUCKET, Tag="SmartCover", Size=1, NextToken=page["NextToken"])
order = [each["JobsDetail"][0]["JobId"] for each in (page, rest)]
tell("list jobs", [order == [waiting, made["JobId"]], "NextToken" in rest and rest["NextToken"]])

template = {
    "Tag": "SmartCover",
    "Name": "made-by-Python",
    "SmartCover": {"Format": "png", "Width": "640", "Height": "", "Count": "2", "DeleteDuplicates": "true"},
}
created = client.ci_create_template(Bucket=BUCKET, Template=template)["Template"]
tell("create template", [created["Tag"], created["SmartCover"]["Width"]])
template["SmartCover"]["Width"] = "720"
updated = client.ci_update_template(Bucket=BUCKET, TemplateId=created["TemplateId"], Template=template)
tell("update template", updated["Template"]["SmartCover"]["Width"])
found = client.ci_get_template(Bucket=BUCKET, Ids=created["TemplateId"])
tell("list templates", [found["TotalCount"], found["TemplateList"][0]["Name"]])
gone = client.ci_delete_template(Bucket=BUCKET, TemplateId=created["TemplateId"])
tell("delete template", gone["TemplateId"] == created["TemplateId"])

tell("presign", client.get_presigned_url(Method="GET", Bucket=BUCKET, Key="covers/1.jpg", Expired=600))
client.delete_object(Bucket=BUCKET, Key="covers/0.jpg")
tell("delete object", client.object_exists(Bucket=BUCKET, Key="covers/0.jpg"))

# The engine carries this one out and says nothing.
lost = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=job("lost/${number}.jpg"), Lst={})["JobsDetail"][0]
tell("create job, its answer lost", lost["Code"])

stranger = CosS3Client(CosConfig(**settings("wrong")))
for call, attempt in (
    ("wrong secret, COS", lambda: stranger.get_object(Bucket=BUCKET, Key="covers/1.jpg")),
    ("wrong secret, CI", lambda: stranger.ci_get_media_jobs(Bucket=BUCKET, JobIDs=made["JobId"])),
):
    try:
        attempt()
        tell(call, "let in")
    except CosServiceError as error:
        tell(call, [error.get_status_code(), error.get_error_code(), bool(error.get_request_id())])
tell("version", version("cos-python-sdk-v5"))
