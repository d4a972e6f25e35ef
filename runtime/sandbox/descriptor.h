#pragma once

#include "runtime/base/result.h"

#include <string_view>
#include <utility>

namespace troupe::sandbox {

/// Owns a file descriptor of the kernel; closes it. Any thread, one at a time.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  void reset();

 private:
  int number_ = -1;
};

/// Two ends: of a pipe `first` is read and `second` written, of a socket pair both are equal.
struct DescriptorPair {
  Descriptor first;
  Descriptor second;
};

/// Made so that no program that is started meanwhile inherits them, and with numbers above those that a
/// child's standard streams get. Error: too many open files, most likely.
Result<DescriptorPair> make_pipe();
Result<DescriptorPair> make_socket_pair();

/// /dev/null, to read and to write.
Result<Descriptor> open_null();

/// A file in memory with no content yet, of no name anywhere.
Result<Descriptor> make_memory_file();

/// Nobody can change, grow or shrink a memory file any more; its position is back at its start.
Result<void> seal(const Descriptor& memory_file);

/// The error of a system call that has just failed with errno.
std::unexpected<Error> system_failure(std::string_view what);

}  // namespace troupe::sandbox
