#include "agents/runs/observation_store.h"

#include "agents/limits.h"
#include "tools/json_schema.h"
#include "tools/observation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"cursor":{"type":"string","description":"as the observation that was cut gave it"},"offset":{"type":"integer","minimum":0,"description":"the byte to go on from; as the last page gave it"}},"required":["cursor"],"additionalProperties":false})";

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// At most three bytes back: what is no UTF-8 is cut where it was asked.
std::size_t start_of_character(std::string_view text, std::size_t at) {
  std::size_t start = std::min(at, text.size());
  for (int back = 0; back < 3 && start > 0 && start < text.size() && continues_character(text[start]); ++back)
    --start;
  return start < text.size() && continues_character(text[start]) ? std::min(at, text.size()) : start;
}

}  // namespace

OutputPage page_of(std::string_view whole, std::size_t offset, std::size_t bytes_max) {
  OutputPage page{.bytes = whole.size()};
  page.offset = start_of_character(whole, offset);
  std::string_view rest = whole.substr(page.offset);
  std::string_view text = tools::beginning(rest, bytes_max);
  // A limit below the size of one character must not become a page that never ends.
  if (text.empty() && !rest.empty()) {
    std::size_t one = 1;
    while (one < 4 && one < rest.size() && continues_character(rest[one])) ++one;
    text = rest.substr(0, one);
  }
  page.text = std::string(text);
  const std::size_t end = page.offset + text.size();
  page.next = end < whole.size() ? end : 0;
  return page;
}

ObservationStore::ObservationStore(store::Journal& journal, std::size_t page_max)
    : journal_(journal), page_max_(page_max) {}

const models::ToolDeclaration& ObservationStore::declaration() {
  static const models::ToolDeclaration declared{
      .name = std::string(kReadMore),
      .description = "Reads on in an observation that was too long to be shown whole.",
      .schema = std::string(kSchema)};
  return declared;
}

const StoredOutput* ObservationStore::find(const std::string& cursor) const {
  auto output = outputs_.find(cursor);
  return output == outputs_.end() ? nullptr : &output->second;
}

void ObservationStore::restore(StoredOutput output) {
  StoredOutput& kept = outputs_[output.cursor];  // a call that is made again after a crash replaces it
  bytes_ += output.bytes - kept.bytes;
  kept = std::move(output);
}

Task<Result<std::optional<StoredOutput>>> ObservationStore::keep(std::string call, std::string whole) {
  const std::size_t bytes = whole.size();
  if (bytes_ + bytes > limits::kStoredOutputs) co_return std::optional<StoredOutput>();
  auto blob = co_await journal_.put_blob(std::move(whole));
  if (!blob) co_return std::unexpected(blob.error());
  StoredOutput kept{.cursor = std::move(call), .blob = std::move(*blob), .bytes = bytes};
  restore(kept);
  co_return std::optional<StoredOutput>(std::move(kept));
}

Result<ObservationStore::Request> ObservationStore::check(Json arguments) const {
  static const tools::JsonSchema schema = std::move(*tools::JsonSchema::parse(kSchema));
  auto fits = schema.validate(std::move(arguments));
  if (!fits)
    return fail(ErrorCode::invalid, fmt::format("the arguments of `{}` do not fit:\n{}\nIts schema: {}",
                                                kReadMore, fits.error().message, kSchema));
  Request request{.cursor = string_or(fits->value, "cursor")};
  const StoredOutput* output = find(request.cursor);
  if (!output) {
    std::vector<std::string_view> known;
    for (const auto& [cursor, kept] : outputs_) known.push_back(cursor);
    return fail(ErrorCode::not_found,
                fmt::format("there is no cursor `{}`; there are: {}", tools::beginning(request.cursor, 64),
                            fmt::join(known, ", ")));
  }
  // Without an offset it goes on after what the observation showed.
  request.offset = page_max_;
  if (const Json* offset = troupe::find(fits->value, "offset")) {
    const auto wanted = offset->get<std::uint64_t>();
    if (wanted >= output->bytes)
      return fail(ErrorCode::invalid, fmt::format("the offset {} is beyond the end: `{}` has {} bytes",
                                                  wanted, request.cursor, output->bytes));
    request.offset = static_cast<std::size_t>(wanted);
  }
  return request;
}

Task<Result<OutputPage>> ObservationStore::read(Request request) const {
  const StoredOutput* output = find(request.cursor);
  if (!output) co_return fail(ErrorCode::not_found, fmt::format("there is no cursor `{}`", request.cursor));
  auto whole = co_await journal_.get_blob(output->blob);
  if (!whole) co_return within("a stored observation", whole.error());
  co_return page_of(*whole, request.offset, page_max_);
}

}  // namespace troupe::agents
