// Swift's Glibc module leaves epoll(7) out. Nothing but the system's own header is added here.
#include <sys/epoll.h>
