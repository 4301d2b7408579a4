"""Run the watcher: `python -m watcher`, with the settings of the environment."""

import signal
from contextlib import AbstractContextManager, nullcontext

from mnist import services
from mnist.log import configure_logging
from mnist.settings import Settings
from watcher.delivery_thread import DeliveryThread
from watcher.listener import ListenerThread, listener
from watcher.loop import Watcher
from watcher.notification_queue import NotificationQueue


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    configure_logging()
    settings = services.current().settings
    queue = NotificationQueue()
    watcher = Watcher(settings, queue)
    signal.signal(signal.SIGTERM, watcher.stop)
    signal.signal(signal.SIGINT, watcher.stop)
    _ = services.current().webhook  # one that cannot be signed for ends the process here
    with _listening(settings, queue), DeliveryThread(services.current().delivering):
        watcher.run()


def _listening(settings: Settings, queue: NotificationQueue) -> AbstractContextManager[object]:
    if settings.events_port is None or settings.events_token is None:
        return nullcontext()
    app = listener(queue, settings.inbox_bucket, settings.events_token)
    return ListenerThread(app, settings.events_host, settings.events_port)


if __name__ == "__main__":
    main()
