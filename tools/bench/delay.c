// delay <round trip in microseconds> <device here> <device there>
//
// A line with a round trip of its own: two TUN devices, one here, one in a network namespace that lives as long as this
// process. Every packet that enters one of them leaves the other half a round trip later. Prints "ready" when both are
// there, and ends when its standard input does, so that nothing is left however its parent ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 65536
#define MOST_BYTES 2048
#define MOST_PER_TURN 256

typedef struct {
  long long due;
  int size;
  unsigned char bytes[MOST_BYTES];
} Packet;

typedef struct {
  Packet *slots;
  unsigned head, tail;
} Queue;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void stop(const char *what) {
  perror(what);
  exit(1);
}

static int open_device(const char *name) {
  struct ifreq request;
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) stop("/dev/net/tun");
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(device, TUNSETIFF, &request) < 0) stop("TUNSETIFF");
  return device;
}

static void take_in(int device, Queue *queue, long long held) {
  for (int i = 0; i < MOST_PER_TURN; i++) {
    // A full queue leaves the rest in the device, whose own queue is long enough.
    if (queue->tail - queue->head == SLOTS) return;
    Packet *packet = &queue->slots[queue->tail % SLOTS];
    packet->size = read(device, packet->bytes, MOST_BYTES);
    if (packet->size <= 0) return;
    packet->due = now() + held;
    queue->tail++;
  }
}

static void let_out(int device, Queue *queue) {
  long long present = now();
  for (; queue->head != queue->tail; queue->head++) {
    Packet *packet = &queue->slots[queue->head % SLOTS];
    if (packet->due > present) return;
    // A device that is still down refuses packets; they are lost, as on any line.
    if (write(device, packet->bytes, packet->size) < 0 && errno == EAGAIN) return;
  }
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  long long held = atoll(arguments[1]) * 1000 / 2;
  int devices[2];
  Queue queues[2] = {{0}};
  for (int i = 0; i < 2; i++) {
    queues[i].slots = malloc(SLOTS * sizeof(Packet));
    if (!queues[i].slots) stop("malloc");
  }
  devices[0] = open_device(arguments[2]);
  if (unshare(CLONE_NEWNET) < 0) stop("unshare");
  devices[1] = open_device(arguments[3]);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct pollfd polled[3] = {{devices[0], POLLIN, 0}, {devices[1], POLLIN, 0}, {0, POLLIN, 0}};
    long long wait = -1, present = now();
    for (int i = 0; i < 2; i++) {
      if (queues[i].head == queues[i].tail) continue;
      long long left = queues[i].slots[queues[i].head % SLOTS].due - present;
      if (left < 0) left = 0;
      if (wait < 0 || left < wait) wait = left;
    }
    struct timespec timeout = {wait / 1000000000LL, wait % 1000000000LL};
    ppoll(polled, 3, wait < 0 ? NULL : &timeout, NULL);
    char ignored[64];
    if (polled[2].revents && read(0, ignored, sizeof ignored) <= 0) return 0;
    for (int i = 0; i < 2; i++) take_in(devices[i], &queues[i], held);
    for (int i = 0; i < 2; i++) let_out(devices[1 - i], &queues[i]);
  }
}
