"""What runs bigin-relay on one machine: pinned tools, the build, the sandbox, a local AWS, the deployed stack."""
