"""An S3 service on loopback, spoken to over HTTP (moto)."""

import contextlib

import boto3

KEY, SECRET = "AKIATESTWINNOW00001", "planted-secret-of-the-tests"


@contextlib.contextmanager
def s3_service(*buckets):
    """The environment of who uses it, and a client to look into the buckets. They are gone afterwards: services of a process share what they hold, and s3fs keeps
    its connections by their options, among which an address out of the environment is not."""
    import moto.backends
    import s3fs
    from moto.server import ThreadedMotoServer

    service = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    service.start()
    endpoint = "http://{}:{}".format(*service.get_host_and_port())
    client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1")
    for bucket in buckets:
        client.create_bucket(Bucket=bucket)
    try:
        yield (
            {
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            client,
        )
    finally:
        service.stop()
        s3fs.S3FileSystem.clear_instance_cache()
        for accounts in moto.backends.get_backend("s3").values():
            for backend in accounts.values():
                backend.reset()


def upload(client, folder, bucket, prefix="", **options):
    """All files below the folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            client.put_object(Bucket=bucket, Key=prefix + path.relative_to(folder).as_posix(), Body=path.read_bytes(), **options)
