#pragma once

#include <sys/types.h>

namespace troupe::app {

/// What this process writes is its user's alone from then on, until somebody decides otherwise. Once, at the
/// start.
void write_privately();

/// While it lives, files are made as the user's own umask has it: for what is no secret and belongs to the
/// user, such as source code. While there is one thread only.
class WriteAsUser {
 public:
  WriteAsUser();
  ~WriteAsUser();
  WriteAsUser(const WriteAsUser&) = delete;
  WriteAsUser& operator=(const WriteAsUser&) = delete;

 private:
  const mode_t before_;
};

}  // namespace troupe::app
