#include "runtime/sandbox/descriptor.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr int kLowestNumber = 16;  // a child's streams and what bubblewrap is handed lie below

Result<Descriptor> raised(int number, std::string_view what) {
  Descriptor low(number);
  Descriptor high(::fcntl(low.get(), F_DUPFD_CLOEXEC, kLowestNumber));
  if (!high.open()) return system_failure(what);
  return high;
}

Result<DescriptorPair> raised(const int (&numbers)[2], std::string_view what) {
  auto first = raised(numbers[0], what);
  auto second = raised(numbers[1], what);
  if (!first) return fail(std::move(first.error()));
  if (!second) return fail(std::move(second.error()));
  return DescriptorPair{std::move(*first), std::move(*second)};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = other.release();
  }
  return *this;
}

void Descriptor::reset() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::unexpected<Error> system_failure(std::string_view what) {
  const int code = errno;
  return fail(ErrorCode::unavailable,
              std::string(what) + ": " + std::error_code(code, std::generic_category()).message());
}

Result<DescriptorPair> make_pipe() {
  int numbers[2];
  if (::pipe2(numbers, O_CLOEXEC) < 0) return system_failure("making a pipe to a child process");
  return raised(numbers, "making a pipe to a child process");
}

Result<DescriptorPair> make_socket_pair() {
  int numbers[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers) < 0)
    return system_failure("making a socket to a worker process");
  return raised(numbers, "making a socket to a worker process");
}

Result<Descriptor> open_null() {
  const int number = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (number < 0) return system_failure("opening /dev/null for a child process");
  return raised(number, "opening /dev/null for a child process");
}

Result<Descriptor> make_memory_file() {
  const int number = ::memfd_create("troupe-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (number < 0) return system_failure("making a file in memory for a child process");
  return raised(number, "making a file in memory for a child process");
}

Result<void> seal(const Descriptor& memory_file) {
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(memory_file.get(), F_ADD_SEALS, kSeals) < 0) return system_failure("sealing a child's input");
  if (::lseek(memory_file.get(), 0, SEEK_SET) < 0) return system_failure("rewinding a child's input");
  return {};
}

}  // namespace troupe::sandbox
