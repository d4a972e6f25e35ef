#include "tools/tool.h"

namespace troupe::tools {

std::string_view word(Effect effect) {
  switch (effect) {
    case Effect::pure:
      return "pure";
    case Effect::idempotent:
      return "idempotent";
    case Effect::at_most_once:
      return "at_most_once";
  }
  return "at_most_once";
}

Task<Result<CallStatus>> Tool::status(std::string, CallContext&) {
  co_return CallStatus{};
}

}  // namespace troupe::tools
