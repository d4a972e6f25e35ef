#include "tests/runtime/store/disk_faults.h"

#include <cerrno>
#include <dlfcn.h>
#include <unistd.h>

#include <sqlite3.h>

namespace {

std::atomic<int> g_error{0};
std::atomic<int> g_failed{0};
std::atomic<int> g_syncs{0};

ssize_t failing_pwrite(int fd, const void* bytes, size_t size, off_t at) {
  const int error = g_error;
  if (error == 0) return pwrite(fd, bytes, size, at);
  ++g_failed;
  if (size > 1) [[maybe_unused]]
    const auto half = pwrite(fd, bytes, size / 2, at);
  errno = error;
  return -1;
}

void set_pwrite(ssize_t (*call)(int, const void*, size_t, off_t)) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  for (const char* name : {"pwrite", "pwrite64"})
    vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(call));
}

int real_sync(const char* name, int fd) {
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

// Found before libc's by everything in this process, SQLite's library included.
extern "C" {
__attribute__((visibility("default"))) int fdatasync(int fd) {
  ++g_syncs;
  return real_sync("fdatasync", fd);
}
__attribute__((visibility("default"))) int fsync(int fd) {
  ++g_syncs;
  return real_sync("fsync", fd);
}
}

namespace troupe::store {

DiskFaults::DiskFaults() {
  g_error = 0;
  g_failed = 0;
  set_pwrite(failing_pwrite);
}

DiskFaults::~DiskFaults() {
  set_pwrite(nullptr);
}  // null: SQLite's own again

void DiskFaults::fail_writes(int error) {
  g_error = error;
}
int DiskFaults::failed() const {
  return g_failed;
}

int syncs() {
  return g_syncs;
}

}  // namespace troupe::store
