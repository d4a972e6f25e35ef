#include "runtime/store/directory.h"
#include "runtime/store/journal.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

struct Owner {
  std::string pid;
  std::string address;  // "" before it listens
};

std::string lock_path(const std::string& directory) {
  return directory + "/lock";
}

Owner read_owner(int fd) {
  char text[512];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  std::string_view rest(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto line = [&rest] {
    const auto end = rest.find('\n');
    if (end == rest.npos) return std::string();  // not written to its end yet
    std::string value(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return value;
  };
  Owner owner;
  owner.pid = line();
  owner.address = line();
  return owner;
}

bool write_all(int fd, const std::string& text) {
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         ::ftruncate(fd, static_cast<off_t>(text.size())) == 0;
}

Error held(const std::string& directory, const Owner& owner) {
  return Error{
      ErrorCode::busy,
      fmt::format("{}: the store is in use by {}{}; stop it, ask it instead (--url), or set store.path to "
                  "another directory",
                  directory, owner.pid.empty() ? "another process" : "process " + owner.pid,
                  owner.address.empty() ? "" : " at " + owner.address),
      true,
      0,
      {}};
}

}  // namespace

Result<StoreLock> StoreLock::acquire(const std::string& directory) {
  if (auto ready = prepare_directory(directory); !ready) return fail(std::move(ready.error()));
  const std::string path = lock_path(directory);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail(ErrorCode::store, fmt::format("{}: cannot open the lock: {}", path, std::strerror(errno)));
  StoreLock lock(fd, path);

  // holder() takes the lock for an instant to see whether it is free, so a refusal is asked about again.
  constexpr int kAttempts = 20;
  for (int attempt = 1; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++attempt) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      const int error = errno;
      lock.fd_ = -1;
      ::close(fd);
      return fail(ErrorCode::store, fmt::format("{}: cannot lock: {}", path, std::strerror(error)));
    }
    if (attempt == kAttempts) {
      Error error = held(directory, read_owner(fd));
      lock.fd_ = -1;  // not ours: the destructor must not empty the file
      ::close(fd);
      return fail(std::move(error));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  if (!write_all(fd, fmt::format("{}\n\n", ::getpid())))
    return fail(ErrorCode::store, fmt::format("{}: cannot write the lock: {}", path, std::strerror(errno)));
  return lock;
}

std::optional<std::string> StoreLock::holder(const std::string& directory) {
  const int fd = ::open(lock_path(directory).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> address;
  // What the file says counts only while somebody holds the lock: a killed daemon leaves its text behind.
  if (::flock(fd, LOCK_SH | LOCK_NB) == 0) {
    ::flock(fd, LOCK_UN);
  } else if (errno == EWOULDBLOCK) {
    address = read_owner(fd).address;
  }
  ::close(fd);
  if (address && address->empty()) address.reset();
  return address;
}

Result<> StoreLock::announce(const std::string& address) {
  if (address.find('\n') != address.npos || address.size() > 400)
    return fail(ErrorCode::invalid,
                "an address of at most 400 bytes on one line is needed for the lock file");
  if (!write_all(fd_, fmt::format("{}\n{}\n", ::getpid(), address)))
    return fail(ErrorCode::store, fmt::format("{}: cannot write the lock: {}", path_, std::strerror(errno)));
  return {};
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

StoreLock::~StoreLock() {
  if (fd_ < 0) return;
  // The file stays: removing it would let a second process lock a new one while a third waits on this one.
  [[maybe_unused]] const int emptied = ::ftruncate(fd_, 0);
  ::close(fd_);
}

}  // namespace troupe::store
