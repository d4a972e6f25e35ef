#include "plugins/host/library.h"

#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

// What the first release's structs had: a smaller one is none of ours.
constexpr std::size_t kPluginSize = offsetof(troupe_plugin, capability) + sizeof(troupe_plugin::capability);
constexpr std::size_t kServiceSize = offsetof(troupe_service, cancel) + sizeof(troupe_service::cancel);

std::string text_or(const char* text, std::string_view fallback = "") {
  return text ? std::string(text) : std::string(fallback);
}

/// Null text is null; anything else must be JSON.
Json json_or_null(const char* text, const std::string& what, std::vector<std::string>& problems) {
  if (!text) return nullptr;
  auto json = parse_json(text);
  if (json) return std::move(*json);
  problems.push_back(what + " is not JSON: " + json.error().message);
  return nullptr;
}

ServiceDescription describe(const troupe_service& service, std::vector<std::string>& problems) {
  ServiceDescription described{.kind = text_or(service.kind),
                               .name = text_or(service.name),
                               .description = text_or(service.description),
                               .version = text_or(service.version, "1"),
                               .timeout = std::chrono::milliseconds(service.timeout_ms),
                               .features = text_or(service.features)};
  const std::string what = fmt::format("{} `{}`", described.kind, described.name);
  if (!service.handle) problems.push_back(what + " has no `handle`");
  described.input_schema = json_or_null(service.input_schema, what + ": its input_schema", problems);
  switch (service.effect) {
    case TROUPE_AT_MOST_ONCE:
      described.effect = tools::Effect::at_most_once;
      break;
    case TROUPE_IDEMPOTENT:
      described.effect = tools::Effect::idempotent;
      break;
    case TROUPE_PURE:
      described.effect = tools::Effect::pure;
      break;
    default:
      problems.push_back(fmt::format("{}: there is no effect {}", what, service.effect));
  }
  return described;
}

}  // namespace

Result<PluginLibrary> PluginLibrary::open(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char* said = ::dlerror();
    const std::string why = said ? said : "no reason given";
    return fail(ErrorCode::unavailable,
                fmt::format("it cannot be loaded: {}{}", why,
                            why.find("__asan_") == std::string::npos
                                ? ""
                                : "; it was built with AddressSanitizer, which only `troupe plugin check "
                                  "--unconfined` has"));
  }
  const auto* entry = static_cast<const troupe_plugin*>(::dlsym(handle, TROUPE_ENTRY));
  if (!entry)
    return fail(ErrorCode::invalid, "it is no plugin: it exports no symbol `" TROUPE_ENTRY
                                    "`; is it declared with TROUPE_EXPORT, and in C++ within extern \"C\"?");
  if (entry->abi != TROUPE_ABI)
    return fail(ErrorCode::invalid,
                fmt::format("it is made for ABI {}, this daemon has ABI {}: build it with "
                            "this daemon's troupe_plugin.h",
                            entry->abi, TROUPE_ABI));
  if (entry->struct_size < kPluginSize)
    return fail(ErrorCode::invalid,
                fmt::format("its struct_size is {}; write TROUPE_SIZE(troupe_plugin)", entry->struct_size));
  if (!entry->services) return fail(ErrorCode::invalid, "it has no `services`");

  PluginLibrary library;
  library.entry_ = entry;
  std::vector<std::string> problems;
  PluginDescription& described = library.description_;
  described.name = text_or(entry->name);
  described.version = text_or(entry->version);
  described.description = text_or(entry->description);
  described.config_schema = json_or_null(entry->config_schema, "the plugin's config_schema", problems);
  described.permissions = json_or_null(entry->permissions, "the plugin's permissions", problems);
  described.concurrent = std::max<std::size_t>(entry->concurrent, 1);
  if (described.concurrent > kConcurrentMost)
    problems.push_back(fmt::format("the plugin takes {} calls at once, at most {} are given",
                                   described.concurrent, kConcurrentMost));
  std::uint32_t count = 0;
  const troupe_service* const* services = entry->services(&count);
  if (count > kServicesMost || (count > 0 && !services))
    return fail(ErrorCode::invalid, fmt::format("it says that it has {} services; it has {} at most and a "
                                                "pointer to them",
                                                count, kServicesMost));
  library.services_.assign(services, services + count);
  for (const troupe_service* service : library.services_) {
    if (!service) return fail(ErrorCode::invalid, "one of its services is null");
    if (service->struct_size < kServiceSize)  // what stands behind that is not its own
      problems.push_back(fmt::format("a service's struct_size is {}; write TROUPE_SIZE(troupe_service)",
                                     service->struct_size));
    else
      described.services.push_back(describe(*service, problems));
  }
  for (std::string& problem : problems_of(described)) problems.push_back(std::move(problem));
  if (!problems.empty()) return fail(ErrorCode::invalid, fmt::format("{}", fmt::join(problems, "; ")));
  return library;
}

}  // namespace troupe::plugins
