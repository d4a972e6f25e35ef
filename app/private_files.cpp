#include "app/private_files.h"

#include <sys/stat.h>

namespace troupe::app {

namespace {

constexpr mode_t kOwnerAlone = 077;

mode_t& mask_of_user() {
  static mode_t mask = kOwnerAlone;
  return mask;
}

}  // namespace

void write_privately() {
  mask_of_user() = ::umask(kOwnerAlone);
}

WriteAsUser::WriteAsUser() : before_(::umask(mask_of_user())) {}

WriteAsUser::~WriteAsUser() {
  ::umask(before_);
}

}  // namespace troupe::app
