#include "models/providers/complaint.h"

#include "runtime/base/ascii.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kMessageBytes = 500;

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// One line of at most kMessageBytes, cut between characters, without tags when it is a web page.
std::string tidy(std::string_view text) {
  bool page = text.find("<html") != std::string_view::npos ||
              text.find("<!DOCTYPE") != std::string_view::npos ||
              text.find("<HTML") != std::string_view::npos;
  std::string out;
  bool blank = true, tag = false;
  for (char c : text) {
    if (out.size() >= kMessageBytes) break;
    if (page && c == '<') tag = true;
    bool space = static_cast<unsigned char>(c) <= ' ' || tag;
    if (page && c == '>') tag = false;
    if (!space)
      out += c;
    else if (!blank)
      out += ' ';
    blank = space;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (out.size() >= kMessageBytes) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0x80) out.pop_back();
    out += "…";
  }
  return out;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return dump(value);
  return {};
}

int status_in(const Json& object) {
  for (std::string_view key : {"status", "status_code", "statusCode", "code"})
    if (const Json* value = find(object, key); value && value->is_number_integer()) {
      auto status = value->get<std::int64_t>();
      if (status >= 400 && status < 600) return static_cast<int>(status);
    }
  return 0;
}

// {"detail": [{"loc": …, "msg": "field required"}]}, as FastAPI servers complain.
std::string detail_text(const Json& detail) {
  if (!detail.is_array()) return text_of(detail);
  std::string out;
  for (const Json& one : detail) {
    std::string message = string_or(one, "msg", string_or(one, "message"));
    if (!message.empty()) out += (out.empty() ? "" : "; ") + message;
  }
  return out;
}

}  // namespace

ProviderComplaint ProviderComplaint::read(const Json& body) {
  ProviderComplaint complaint;
  if (body.is_array() && !body.empty()) return read(body.front());
  const Json* error = find(body, "error");
  if (error && error->is_array() && !error->empty()) error = &error->front();
  const Json& object = error && error->is_object() ? *error : body;
  if (error && error->is_string()) complaint.message = error->get<std::string>();
  for (std::string_view key : {"message", "error_message", "msg", "title"})
    if (complaint.message.empty()) complaint.message = string_or(object, key);
  if (const Json* detail = find(object, "detail"); detail && complaint.message.empty())
    complaint.message = detail_text(*detail);
  complaint.type = string_or(object, "type", string_or(body, "type"));
  if (const Json* code = find(object, "code")) complaint.code = text_of(*code);
  complaint.status = status_in(object);
  if (complaint.status == 0) complaint.status = status_in(body);
  // Routers wrap what the server behind them said.
  if (const Json* metadata = find(object, "metadata"))
    if (std::string raw = string_or(*metadata, "raw"); !raw.empty()) complaint.message += " (" + raw + ")";
  if (complaint.message.empty()) complaint.message = dump(body);
  complaint.message = tidy(complaint.message);
  return complaint;
}

ProviderComplaint ProviderComplaint::read_text(std::string_view body) {
  if (auto parsed = parse_json(body); parsed && parsed->is_structured()) return read(*parsed);
  ProviderComplaint complaint;
  complaint.message = tidy(body);
  return complaint;
}

bool is_error_body(const Json& body) {
  if (const Json* error = find(body, "error"))
    return !error->is_null() && !(error->is_string() && error->get_ref<const std::string&>().empty());
  if (find(body, "choices")) return false;
  return string_or(body, "object") == "error" || find(body, "detail") ||
         (find(body, "message") && status_in(body) != 0);
}

Error complaint_error(const ProviderComplaint& complaint, int status) {
  if (status < 300) status = complaint.status;  // an error inside an answer that began well
  std::string code = lower(complaint.code), type = lower(complaint.type), said = lower(complaint.message);
  Error error{ErrorCode::model, complaint.message.empty() ? "it gave no reason" : complaint.message};
  error.status = status;

  bool too_long =
      code == "context_length_exceeded" || status == 413 ||
      has_any(said, {"maximum context length", "context length", "context window", "prompt is too long",
                     "too many tokens", "exceed_context_size", "maximum prompt length", "input is too long",
                     "available context size", "maximum number of tokens allowed",
                     "`inputs` must have less than", "`inputs` tokens + `max_new_tokens` must be"});
  bool about_output = has_any(said, {"max_tokens or model output limit"});
  if (too_long && !about_output && (status == 0 || (status >= 400 && status < 500 && status != 429))) {
    error.code = ErrorCode::too_large;
    error.message = fmt::format("the conversation is too long for the model: {}", error.message);
    return error;
  }
  bool quota = code == "insufficient_quota" || type == "insufficient_quota" ||
               has_any(said, {"exceeded your current quota", "insufficient credits", "insufficient balance",
                              "credit balance is too low"});
  bool busy_words =
      has_any(code, {"rate_limit", "server_error", "api_error", "overloaded", "timeout", "unavailable"}) ||
      has_any(type, {"rate_limit", "server_error", "api_error", "overloaded", "timeout", "unavailable"}) ||
      (status == 0 && has_any(said, {"overloaded", "try again"}));
  error.retryable = !quota && (status == 408 || status == 409 || status == 429 || status >= 500 ||
                               (status < 400 && busy_words));

  std::string prefix = status ? fmt::format("HTTP {}: ", status) : "error in the reply: ";
  std::string advice;
  if (quota)
    advice = ". The account's quota or balance is used up: check its plan with the provider";
  else if (status == 401)
    advice = ". The key was not accepted: check this entry's `api_key` (or `extra_headers`)";
  else if (status == 403)
    advice = ". The key may not do this: check what this entry's `api_key` is allowed";
  else if (code == "model_not_found" || (status == 404 && said.find("model") != std::string::npos))
    advice = ". Check this entry's `model`";
  else if (status == 404)
    advice = ". Check this entry's `base_url` and `model`";
  else if (status >= 300 && status < 400)
    advice = ". Redirects are not followed: write the final address into `base_url`";
  error.message = prefix + error.message + advice;
  return error;
}

}  // namespace troupe::models
