#include "app/version.h"

namespace troupe::app {

const char* const kVersion = TROUPE_VERSION;

}  // namespace troupe::app
