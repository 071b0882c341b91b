"""The report: a static site of a workspace's runs, in English and in Chinese, that opens from the disk."""
