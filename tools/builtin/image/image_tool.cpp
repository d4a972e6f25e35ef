#include "tools/builtin/image/image_tool.h"

#include "models/endpoint.h"
#include "runtime/base/ascii.h"
#include "runtime/net/url.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kPromptBytes = std::size_t{64} << 10;
constexpr auto kSilence = std::chrono::minutes(10);          // nothing comes until a picture is done
constexpr std::size_t kAnswerSlack = std::size_t{64} << 10;  // of an answer, beside its pictures
constexpr const char* kFolder = "images";

bool names_header(const ToolSettings& settings, std::string_view name) {
  return std::ranges::any_of(settings.headers,
                             [&](const auto& header) { return same_but_case(header.first, name); });
}

Json input_schema(const ImageSettings& image) {
  Json properties{{"prompt",
                   {{"type", "string"},
                    {"minLength", 1},
                    {"description", "what the picture shows, in words: subject, style, mood, light"}}}};
  if (!image.sizes.empty())
    properties["size"] = {
        {"type", "string"}, {"enum", image.sizes}, {"description", "width x height; the first is usual"}};
  if (image.most > 1)
    properties["n"] = {
        {"type", "integer"}, {"minimum", 1}, {"maximum", image.most}, {"description", "how many pictures"}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", Json::array({"prompt"})},
          {"additionalProperties", false}};
}

std::string kind_text(const images::Picture& picture) {
  const std::string size =
      picture.kind.width > 0 ? fmt::format(", {}x{}", picture.kind.width, picture.kind.height) : "";
  return fmt::format("{}{}, {} bytes", picture.kind.name, size, picture.bytes.size());
}

// What storage services say of a picture; what else says so is checked by its bytes.
bool may_be_picture(const std::string& type) {
  return type.empty() || type.starts_with("image/") || type.ends_with("/octet-stream");
}

Result<std::string> picture_in(net::HttpResponse answer) {
  if (answer.status < 200 || answer.status > 299)
    return fail(ErrorCode::tool,
                fmt::format("{} answered HTTP {}", net::redacted_url(answer.url), answer.status));
  const std::string type = media_type(answer);
  if (!may_be_picture(type))
    return fail(ErrorCode::protocol, fmt::format("{} answered with {} and not with a picture",
                                                 net::redacted_url(answer.url), type.substr(0, 100)));
  return std::move(answer.body);
}

}  // namespace

std::vector<SettingsProblem> ImageTool::problems(const ToolSettings& settings) {
  std::vector<SettingsProblem> found;
  if (settings.api_key.empty() && settings.base_url.empty() && !names_header(settings, "authorization"))
    found.push_back({"",
                     "`api_key` is missing: the service wants one; write `api_key: \"${OPENAI_API_KEY}\"`, "
                     "or `base_url` for a server that wants none"});
  if (std::ranges::any_of(settings.api_key, [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
    found.push_back({"api_key", "has blanks or other characters that no key has"});
  for (const char* own : {"prompt", "model", "size", "n"})
    if (settings.image.parameters.contains(own))
      found.push_back({fmt::format("parameters.{}", own),
                       "is written by the tool itself; use `model`, `sizes` and `max_images`"});
  if (auto fine = check_base_url(settings.base_url); !fine)
    found.push_back({"base_url", std::move(fine.error().message)});
  return found;
}

Result<std::unique_ptr<Tool>> ImageTool::make(const ToolSettings& settings, const ToolServices& services) {
  if (auto found = problems(settings); !found.empty()) return fail(ErrorCode::invalid, found.front().text);
  std::string address =
      models::endpoint(settings.base_url.empty() ? models::public_url("openai") : settings.base_url, "/v1",
                       "/images/generations");
  auto url = net::Url::parse(address);
  if (!url) return fail(std::move(url.error()));
  AllowedHosts service;
  service.add(url->host());
  auto pictures = AllowedHosts::make(settings.allow_hosts);
  if (!pictures) return fail(std::move(pictures.error()));
  return std::unique_ptr<Tool>(
      new ImageTool(settings, services, std::move(address), std::move(service), std::move(*pictures)));
}

ImageTool::ImageTool(const ToolSettings& settings, const ToolServices& services, std::string url,
                     AllowedHosts service, AllowedHosts pictures)
    : settings_(settings),
      url_(std::move(url)),
      user_agent_(services.user_agent),
      http_(services.http),
      workers_(services.workers),
      artifacts_(services.artifacts),
      patience_(services.patience),
      any_host_(pictures.empty()) {
  secrets_.add(settings.api_key);
  for (const auto& [name, text] : settings.headers)
    for (const std::string& part : text.hidden) secrets_.add(part);
  const std::size_t answer = settings.image.most * (settings.image.bytes / 3 * 4 + kAnswerSlack);
  service_.emplace(
      services.http,
      ExchangeRules{
          .hosts = std::move(service), .bytes_max = answer, .patience = patience_, .secrets = secrets_});
  pictures_.emplace(services.http, ExchangeRules{.hosts = std::move(pictures),
                                                 .bytes_max = settings.image.bytes,
                                                 .patience = patience_,
                                                 .secrets = secrets_});
  spec_.declaration = {.name = settings.name,
                       .description = settings.description.empty()
                                          ? "Makes a picture of what is described in words, and tells the "
                                            "name of the file that it is in."
                                          : settings.description,
                       .schema = dump(input_schema(settings.image))};
  spec_.effect = settings.effect == "idempotent" ? Effect::idempotent : Effect::at_most_once;
  spec_.timeout = settings.timeout;
}

Result<net::HttpRequest> ImageTool::request_for(const ToolInput& input, std::size_t& wanted) const {
  const ImageSettings& image = settings_.image;
  const std::string prompt = string_or(input.arguments, "prompt");
  if (prompt.empty()) return fail(ErrorCode::invalid, "`prompt` is missing: say what the picture shows");
  if (prompt.size() > kPromptBytes)
    return fail(ErrorCode::too_large,
                fmt::format("`prompt` has {} bytes; at most {} are sent", prompt.size(), kPromptBytes));
  Json body = image.parameters;
  if (!image.model.empty()) body["model"] = image.model;
  body["prompt"] = prompt;
  const std::string size = string_or(input.arguments, "size", image.sizes.empty() ? "" : image.sizes.front());
  if (!size.empty() && std::ranges::find(image.sizes, size) == image.sizes.end())
    return fail(ErrorCode::invalid,
                image.sizes.empty() ? "leave `size` out: it cannot be chosen here"
                                    : fmt::format("`size` must be one of {}", fmt::join(image.sizes, ", ")));
  if (!size.empty()) body["size"] = size;
  const Json* count = find(input.arguments, "n");
  const double asked = count && count->is_number() ? count->get<double>() : 1;
  if (!(asked >= 1) || asked > static_cast<double>(image.most))
    return fail(ErrorCode::invalid, fmt::format("`n` must be from 1 to {}", image.most));
  wanted = static_cast<std::size_t>(asked);
  if (wanted > 1) body["n"] = wanted;

  net::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  for (const auto& [name, text] : settings_.headers) request.headers.emplace_back(name, text.text);
  const auto add = [&](const char* name, std::string value) {
    if (!names_header(settings_, name)) request.headers.emplace_back(name, std::move(value));
  };
  add("Content-Type", "application/json");
  add("Accept", "application/json");
  add("User-Agent", user_agent_);
  if (!settings_.api_key.empty()) add("Authorization", "Bearer " + settings_.api_key);
  if (!input.idempotency_key.empty()) add("Idempotency-Key", input.idempotency_key);
  request.body = dump(body);
  request.idle_timeout = kSilence;
  return request;
}

Task<Result<std::vector<images::Found>>> ImageTool::ask(ToolInput input, CallContext& context) {
  std::size_t wanted = 1;
  auto request = request_for(input, wanted);
  if (!request) co_return fail(std::move(request.error()));
  const bool repeatable = spec_.effect != Effect::at_most_once;
  auto answer = co_await service_->send(std::move(*request), repeatable, context);
  if (!answer) co_return fail(repeatable ? std::move(answer.error()) : in_doubt(std::move(answer.error())));
  if (answer->status < 200 || answer->status > 299)
    co_return fail(
        service_->masked(images::refusal(*answer, spec_.declaration.name, context.loop.clock().wall_ms())));
  auto read = [body = std::move(answer->body), bytes = settings_.image.bytes, wanted] {
    return images::read_answer(body, bytes, wanted);
  };
  auto found = workers_ ? co_await offload(context.loop, *workers_, std::move(read)) : read();
  if (!found) co_return fail(service_->masked(std::move(found.error())));
  co_return std::move(*found);
}

Task<Result<std::string>> ImageTool::fetch(std::string url, CallContext& context) {
  net::HttpRequest request{.url = std::move(url)};
  request.headers = {{"Accept", "image/png, image/jpeg, image/webp"}, {"User-Agent", user_agent_}};
  if (!any_host_) {
    auto answer = co_await pictures_->send(std::move(request), true, context);
    if (!answer) co_return fail(std::move(answer.error()));
    co_return picture_in(std::move(*answer));
  }
  request.body_max = settings_.image.bytes;
  request.redirects_max = limits::kRedirects;
  auto answer = co_await fetch_patiently(http_, std::move(request), patience_, context);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return picture_in(std::move(*answer));
}

Task<Result<std::string>> ImageTool::keep(images::Found found, CallContext& context) {
  if (!found.problem.empty()) co_return fail(ErrorCode::protocol, std::move(found.problem));
  if (found.bytes.empty()) {
    auto bytes = co_await fetch(std::move(found.url), context);
    if (!bytes) co_return fail(std::move(bytes.error()));
    found.bytes = std::move(*bytes);
  }
  auto look = [bytes = std::move(found.bytes), most = settings_.image.bytes]() mutable {
    return images::picture_of(std::move(bytes), most);
  };
  auto picture = workers_ ? co_await offload(context.loop, *workers_, std::move(look)) : look();
  if (!picture) co_return fail(std::move(picture.error()));
  std::string path = fmt::format("{}/{}", kFolder, picture->name);
  // Each tenant has a folder of its own, but for those without one.
  if (context.principal.tenant != Principal{}.tenant) path = context.principal.tenant + "/" + path;
  std::string line = fmt::format("{} ({})", path, kind_text(*picture));
  if (auto kept = co_await artifacts_->write(std::move(path), std::move(picture->bytes)); !kept)
    co_return fail(std::move(kept.error()));
  if (!found.revised.empty()) line += fmt::format("\n  drawn from: {}", found.revised);
  co_return line;
}

Task<Result<ToolOutput>> ImageTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  if (!artifacts_)
    co_return fail(ErrorCode::unavailable,
                   "no pictures are made: there is no folder to keep them in; add `artifacts: ./out` to the "
                   "configuration");
  auto found = co_await ask(std::move(input), context);
  if (!found) co_return fail(std::move(found.error()));
  std::string kept, lost;
  std::optional<Error> first;
  for (images::Found& one : *found) {
    auto line = co_await keep(std::move(one), context);
    if (line) {
      kept += "\n- " + *line;
      continue;
    }
    if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
    lost += "\n- " + line.error().message;
    if (!first) first = std::move(line.error());
  }
  if (kept.empty())
    co_return fail(service_->masked(
        Error{first->code, fmt::format("The service made a picture, but it could not be kept:{}", lost)}));
  std::string text = fmt::format("Kept below {}:{}", artifacts_->root(), kept);
  if (!lost.empty()) text += "\nThese could not be kept:" + lost;
  co_return ToolOutput{.text = redact(text, secrets_)};
}

}  // namespace troupe::tools
