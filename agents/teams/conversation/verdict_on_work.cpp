#include "agents/teams/conversation/verdict_on_work.h"

#include "agents/teams/conversation/named_member.h"
#include "agents/teams/conversation/said_before.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace troupe::agents {

namespace {

std::optional<bool> yes_or_no(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kYes = {"yes",      "true",    "accept",
                                                           "accepted", "approve", "approved"};
  static constexpr std::array<std::string_view, 7> kNo = {"no",     "false",    "reject",      "rejected",
                                                          "return", "returned", "not accepted"};
  // `["accept"]` or "accept?" is no word alone.
  if (text.find_first_of("[]{}()<>?:;=/") != text.npos) return std::nullopt;
  const std::string plain = plain_text(text);
  if (std::ranges::find(kYes, plain) != kYes.end()) return true;
  if (std::ranges::find(kNo, plain) != kNo.end()) return false;
  return std::nullopt;
}

std::optional<bool> accepted_in(const Json& object) {
  const Json* accept = find(object, "accept");
  if (!accept) accept = find(object, "accepted");
  if (!accept) return std::nullopt;
  if (accept->is_boolean()) return accept->get<bool>();
  if (accept->is_string()) return yes_or_no(accept->get_ref<const std::string&>());
  return std::nullopt;
}

}  // namespace

std::optional<WorkVerdict> verdict_on_work(const Reply& reply) {
  for (const bool strict : {true, false}) {
    const Json object = object_of(reply, strict);
    if (!object.is_object()) continue;
    const auto accepted = accepted_in(object);
    if (!accepted || (*accepted && !strict)) return std::nullopt;
    return WorkVerdict{*accepted, string_or(object, "reason")};
  }
  if (const auto word = yes_or_no(reply.text)) return WorkVerdict{*word, ""};
  return std::nullopt;
}

}  // namespace troupe::agents
