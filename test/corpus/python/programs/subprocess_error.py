import subprocess

subprocess.run(["/bin/sh", "-c", "echo boom >&2; exit 3"], check=True)
