#include "plugins/verdict.h"

#include "runtime/base/json.h"
#include "tools/observation.h"

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kShownBytes = 120;  // of an answer that is no verdict

std::unexpected<Error> no_verdict(std::string_view answer, std::string_view why) {
  return fail(
      ErrorCode::protocol,
      fmt::format("what it answered is no verdict, {{\"pass\": true or false, \"reason\": \"…\"}}: {} "
                  "(it begins with {})",
                  why, dump(Json(tools::beginning(answer, kShownBytes)))));
}

}  // namespace

Result<std::string> read_verdict(std::string_view answer) {
  auto json = parse_json(answer);
  if (!json) return no_verdict(answer, json.error().message);
  if (!json->is_object()) return no_verdict(answer, "it is no object");
  const Json* pass = find(*json, "pass");
  if (!pass || !pass->is_boolean()) return no_verdict(answer, "it has no `pass` that is true or false");
  const Json* reason = find(*json, "reason");
  if (reason && !reason->is_string()) return no_verdict(answer, "its `reason` is no text");
  Json verdict = {{"pass", *pass}};
  verdict["reason"] =
      reason ? tools::beginning(reason->get_ref<const std::string&>(), kVerdictReasonBytes) : "";
  return dump(verdict);
}

}  // namespace troupe::plugins
