#include "tools/builtin/image/image_answer.h"

#include "models/providers/complaint.h"
#include "runtime/base/sha256.h"
#include "tools/builtin/image/base64.h"
#include "tools/builtin/text/html_text.h"
#include "tools/builtin/text/sound_utf8.h"
#include "tools/builtin/web_service.h"
#include "tools/observation.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::images {

namespace {

constexpr std::size_t kNameDigits = 32;       // of the SHA-256 of a picture
constexpr std::size_t kRevisedBytes = 2'000;  // of a prompt that a service wrote
constexpr std::size_t kUrlBytes = limits::kUrlBytes;

std::string one_line(const std::string& text, std::size_t bytes_max) {
  std::string line = fold_blanks(sound_utf8(text));
  std::ranges::replace(line, '\n', ' ');
  return std::string(beginning(line, bytes_max));
}

Found found_in(const Json& one, std::size_t bytes_max) {
  Found found;
  found.revised = one_line(string_or(one, "revised_prompt"), kRevisedBytes);
  std::string coded = string_or(one, "b64_json");
  found.url = string_or(one, "url");
  if (const auto comma = found.url.find(";base64,");
      coded.empty() && found.url.starts_with("data:image/") && comma != found.url.npos) {
    coded = found.url.substr(comma + std::string_view(";base64,").size());
    found.url.clear();
  }
  if (coded.empty()) {
    if (found.url.empty()) found.problem = "the service's answer has neither `b64_json` nor `url` for it";
    if (found.url.size() > kUrlBytes) found.problem = "its address is longer than any that is asked";
    return found;
  }
  found.url.clear();
  if (coded.size() / 4 * 3 > bytes_max + 3) {
    found.problem =
        fmt::format("it has about {} bytes; at most {} are kept", coded.size() / 4 * 3, bytes_max);
    return found;
  }
  auto bytes = decode_base64(coded);
  if (bytes)
    found.bytes = std::move(*bytes);
  else
    found.problem = "what the service sent as base 64 is none";
  return found;
}

bool is_about_content(const models::ProviderComplaint& said) {
  const auto has = [](std::string_view text, std::string_view part) { return text.find(part) != text.npos; };
  for (const std::string_view code : {"content_policy_violation", "moderation_blocked", "content_filter"})
    if (has(said.code, code) || has(said.type, code)) return true;
  return has(said.message, "content policy") || has(said.message, "safety system");
}

}  // namespace

Result<std::vector<Found>> read_answer(std::string_view body, std::size_t bytes_max, std::size_t most) {
  auto answer = parse_json(body, limits::kJsonDepth, body.size());
  if (!answer)
    return fail(ErrorCode::protocol,
                fmt::format("the images service answered with something that is not JSON ({}): {}",
                            answer.error().message, excerpt(body)));
  const Json* data = find(*answer, "data");
  if (!data || !data->is_array() || data->empty())
    return fail(ErrorCode::protocol,
                fmt::format("the images service's answer has no pictures in it: {}", excerpt(body)));
  std::vector<Found> found;
  for (const Json& one : *data)
    if (found.size() < most) found.push_back(found_in(one, bytes_max));
  return found;
}

Result<Picture> picture_of(std::string bytes, std::size_t bytes_max) {
  if (bytes.size() > bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("it has {} bytes; at most {} are kept", bytes.size(), bytes_max));
  auto kind = kind_of_picture(bytes);
  if (!kind) return fail(std::move(kind.error()));
  std::string name = fmt::format("{}.{}", sha256_hex(bytes).substr(0, kNameDigits), kind->extension);
  return Picture{std::move(bytes), std::move(*kind), std::move(name)};
}

Error refusal(const net::HttpResponse& answer, std::string_view tool, std::int64_t now_ms) {
  const int status = answer.status;
  const auto said = models::ProviderComplaint::read_text(answer.body);
  const std::string reason = said.message.empty() ? "it gave no reason" : said.message;
  Error error{ErrorCode::tool, ""};
  error.status = status;
  if (status < 500 && is_about_content(said)) {
    error.message = fmt::format(
        "the images service refuses this prompt by its rules about content ({}). Ask for another picture, or "
        "go on without one.",
        reason);
    return error;
  }
  if (status == 401 || status == 403) {  // some show a part of the key
    error.message = fmt::format(
        "the images service answered HTTP {}: it did not accept the key, or the key may not make pictures. "
        "Check `tools.{}.api_key`.",
        status, tool);
    return error;
  }
  error.message = fmt::format("the images service answered HTTP {}: {}", status, reason);
  if (status == 404) error.message += fmt::format(". Check `base_url` and `model` of `tools.{}`.", tool);
  if (status >= 300 && status < 400)
    error.message += ". Redirects of a request that makes something are not followed.";
  if (status != 429 && status < 500) return error;
  const bool quota = said.code == "insufficient_quota" || said.code == "billing_hard_limit_reached";
  error.retryable = !quota;
  error.code = status == 429 ? ErrorCode::busy : ErrorCode::tool;
  error.retry_after = retry_after(answer, now_ms);
  if (quota)
    error.message += ". The account's quota is used up.";
  else if (error.retry_after)
    error.message += fmt::format(". It asks to be left alone for {:g} s.",
                                 std::chrono::duration<double>(*error.retry_after).count());
  else
    error.message += ". It may work later.";
  return error;
}

}  // namespace troupe::tools::images
