#include "app/commands/command.h"

#include <fmt/format.h>

namespace troupe::app {

void complain(const std::string& text) {
  fmt::print(stderr, "troupe: {}\n", text);
}

}  // namespace troupe::app
