#pragma once

#include "runtime/bus/message.h"

#include <optional>
#include <string_view>

/// The words of the bus read back (message.h writes them). Nothing for any other word.
namespace troupe::bus {

std::optional<Kind> kind_of(std::string_view word);
std::optional<DeadReason> dead_reason_of(std::string_view word);

}  // namespace troupe::bus
