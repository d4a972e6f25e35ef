#include "memory/knowledge/ingest/external_loader.h"

#include "memory/knowledge/loaders/format.h"
#include "memory/knowledge/loaders/magic.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kDigits = 12;

template <class Reads>
ExternalLoader* first_that(const std::vector<std::shared_ptr<ExternalLoader>>& all, Reads reads) {
  const auto found = std::ranges::find_if(all, [&](const auto& one) { return reads(one->formats()); });
  return found == all.end() ? nullptr : found->get();
}

}  // namespace

Loaders::Loaders(std::vector<std::shared_ptr<ExternalLoader>> all) : all_(std::move(all)) {}

Result<ExternalLoader*> Loaders::named(std::string_view name) const {
  ExternalLoader* found = nullptr;
  std::vector<std::string> names;
  for (const auto& one : all_) {
    if (one->name() == name) return one.get();
    names.push_back(one->name());
    if (!one->name().starts_with(fmt::format("{}/", name))) continue;
    if (found)
      return fail(ErrorCode::invalid, fmt::format("the plugin `{}` has several loaders: say which", name));
    found = one.get();
  }
  if (found) return found;
  return fail(ErrorCode::not_found,
              names.empty() ? fmt::format("there is no loader `{}`, for no plugin has any", name)
                            : fmt::format("there is no loader `{}`, only: {}", name, fmt::join(names, ", ")));
}

ExternalLoader* Loaders::by_path(std::string_view path) const {
  if (loaders::format_of_path(path)) return nullptr;
  return first_that(all_, [path](const auto& formats) { return formats.read_path(path); });
}

Result<ExternalLoader*> Loaders::choose(std::string_view wanted, const ReadRequest& request) const {
  if (!wanted.empty()) return named(wanted);
  const std::string_view binary = loaders::binary_kind(request.bytes);
  if (binary == loaders::kPdfKind) return nullptr;
  if (binary.empty() && loaders::format_of_path(request.source)) return nullptr;
  if (ExternalLoader* loader = by_path(request.source)) return loader;
  if (binary.empty() && loaders::format_of_content_type(request.content_type)) return nullptr;
  if (ExternalLoader* loader =
          first_that(all_, [&](const auto& formats) { return formats.read_type(request.content_type); }))
    return loader;
  return first_that(all_, [&](const auto& formats) { return formats.read_bytes(request.bytes); });
}

std::string Loaders::digits_of(const ExternalLoader& loader) {
  return sha256_hex(fmt::format("{}\n{}", loader.name(), loader.version())).substr(0, kDigits);
}

bool Loaders::know(std::string_view digits) const {
  return std::ranges::any_of(all_, [digits](const auto& one) { return digits_of(*one) == digits; });
}

}  // namespace troupe::memory
