"""A pillow to try it with: puts what you type into the queue, as the real one does.

python pillow.py HUGGING
python pillow.py '{"state": "PUNCHING", "data": {"force": 3}}'
"""

import os
import sys
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient

if len(sys.argv) != 2:
    sys.exit(__doc__)

queue = QueueClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"], "mlqueue")
with suppress(ResourceExistsError):
    queue.create_queue()
queue.send_message(sys.argv[1])
