#include "memory/conversation/leave_out.h"

namespace troupe::memory {

LeftOut leave_out_turns(std::span<const models::Message> recalled, std::span<const std::int64_t> tokens,
                        std::int64_t wanted) {
  LeftOut left;
  while (left.messages < recalled.size() && left.tokens < wanted) {
    ++left.turns;
    do left.tokens += tokens[left.messages++];
    while (left.messages < recalled.size() && recalled[left.messages].role != models::Role::user);
  }
  return left;
}

}  // namespace troupe::memory
