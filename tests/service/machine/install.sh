# As docs/service.md has it, but that the code and its packages are there already.

set -eu
echo /opt/python/lib >/etc/ld.so.conf.d/machine.conf
ldconfig
/opt/python/bin/python3 -m venv --without-pip /opt/chinwag
/opt/chinwag/bin/python - <<'PYTHON'
from sysconfig import get_path

with open(get_path("purelib") + "/machine.pth", "w") as file:
    file.write("/opt/code\n/opt/packages\n")
PYTHON
cat >/opt/chinwag/bin/chinwag <<'PYTHON'
#!/opt/chinwag/bin/python
import sys

from bot.cli import main

sys.exit(main())
PYTHON
chmod 755 /opt/chinwag/bin/chinwag
