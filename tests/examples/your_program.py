"""Tests of a program that makes covers, against the engine: python3 your_program.py"""

import json
import subprocess
import time
import unittest
import urllib.request

from qcloud_cos import CosConfig, CosS3Client, CosServiceError

BUCKET, REGION = "media-1250000000", "ap-chongqing"


def covers_of(client, video):
    """The program under test: all it knows is a client."""
    operation = {
        "SmartCover": {"Count": "2"},
        "Output": {"Region": REGION, "Bucket": BUCKET, "Object": "covers/${number}.jpg"},
    }
    request = {"Tag": "SmartCover", "Input": {"Object": video}, "Operation": operation}
    made = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=request, Lst={})
    job_id = made["JobsDetail"][0]["JobId"]
    while True:
        job = client.ci_get_media_jobs(Bucket=BUCKET, JobIDs=job_id)["JobsDetail"][0]
        if job["State"] == "Success":
            return job["Operation"]["MediaResult"]["OutputFile"]["ObjectName"]
        if job["State"] in ("Failed", "Cancel"):
            raise RuntimeError(job["Code"])
        time.sleep(0.1)


class Tests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = "cosci serve --addr 127.0.0.1:0 --ephemeral --control --profile instant --json"
        cls.engine = subprocess.Popen(command.split(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.url = json.loads(cls.engine.stdout.readline())["url"]

    @classmethod
    def tearDownClass(cls):
        cls.engine.terminate()
        cls.engine.communicate()

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/_engine/{path}", data) as answer:
            return json.load(answer)

    def setUp(self):
        self.control("reset", {})
        # As a proxy, the engine is reached by every name of the service.
        config = CosConfig(
            Region=REGION,
            SecretId="AKIDlocal0000000000000000000000000000",
            SecretKey="localsecret000000000000000000000",
            Scheme="http",
            Proxies={"http": self.url},
        )
        self.client = CosS3Client(config)
        with open("bikes.mp4", "rb") as video:
            self.client.put_object(Bucket=BUCKET, Body=video, Key="in/a.mp4")

    def test_two_covers_are_made(self):
        self.assertEqual(covers_of(self.client, "in/a.mp4"), ["covers/0.jpg", "covers/1.jpg"])
        cover = self.client.get_object(Bucket=BUCKET, Key="covers/0.jpg")["Body"].get_raw_stream().read()
        self.assertEqual(cover[:3], b"\xff\xd8\xff")

    def test_a_file_that_is_no_video_fails(self):
        self.client.put_object(Bucket=BUCKET, Body=b"no video", Key="in/b.mp4")
        with self.assertRaisesRegex(RuntimeError, "InvalidMedia"):
            covers_of(self.client, "in/b.mp4")

    def test_a_refusal_reaches_the_caller(self):
        effect = {"kind": "refuse", "status": 403, "code": "AccessDenied", "message": "no role"}
        self.control("faults", {"operation": "CreateJob", "effect": effect})
        with self.assertRaises(CosServiceError) as refused:
            covers_of(self.client, "in/a.mp4")
        self.assertEqual(refused.exception.get_error_code(), "AccessDenied")

    def test_a_lost_answer_costs_a_second_job(self):
        self.control("faults", {"operation": "CreateJob", "nth": 1, "effect": {"kind": "lose_answer"}})
        covers_of(self.client, "in/a.mp4")
        # What this SDK does; a program that must not pay twice has to look before it sends again.
        self.assertEqual(len(self.control("jobs")["jobs"]), 2)

    def test_a_link_expires(self):
        link = self.client.get_presigned_url(Method="GET", Bucket=BUCKET, Key="in/a.mp4", Expired=600)
        through_engine = urllib.request.build_opener(urllib.request.ProxyHandler({"http": self.url}))
        self.assertEqual(through_engine.open(link).status, 200)
        self.control("clock", {"advance": 3600})
        with self.assertRaisesRegex(Exception, "403"):
            through_engine.open(link)


if __name__ == "__main__":
    unittest.main()
