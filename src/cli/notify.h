/* notify.h -- tell the service manager how we do (sd_notify(3), without its library). */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

/* Each does nothing unless NOTIFY_SOCKET is set, and never fails loudly. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
