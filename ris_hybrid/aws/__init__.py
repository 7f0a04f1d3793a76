"""The data plane's ports over AWS: objects of S3, DataSync, FSx, images of ECR. Errors are those of ``CloudError``."""
