#include "agents/runs/attachments.h"

#include "agents/runs/fact_fields.h"
#include "models/limits.h"
#include "models/picture.h"
#include "models/providers/message_parts.h"
#include "runtime/base/limits.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kKey = "attachments";

Json list_in(const std::string& extra) {
  if (!extra.contains(kKey)) return Json::array();
  auto whole = parse_json(extra);
  const Json* list = whole ? find(*whole, kKey) : nullptr;
  return list && list->is_array() ? *list : Json::array();
}

}  // namespace

Result<> check_attachments(const std::vector<models::Image>& images) {
  if (images.size() > limits::kAttachments)
    return fail(ErrorCode::invalid, fmt::format("the message has {} pictures; at most {} are taken",
                                                images.size(), limits::kAttachments));
  std::size_t bytes = 0;
  for (const models::Image& image : images) bytes += models::picture_bytes(image);
  if (bytes > limits::kPicturesBytes)
    return fail(ErrorCode::too_large,
                fmt::format("the pictures of the message have {} bytes together; at most {} are taken", bytes,
                            limits::kPicturesBytes));
  return {};
}

Task<Result<Json>> keep_attachments(store::Journal& journal, std::vector<models::Image> images) {
  Json kept = Json::array();
  for (const models::Image& image : images) {
    const models::InlineImage data = models::inline_image(image);
    if (data.base64.empty()) {
      kept.push_back({{"type", "image"}, {"url", image.url}});
      continue;
    }
    auto blob = co_await journal.put_blob(std::string(data.base64));
    if (!blob) co_return within("a picture of the message", blob.error());
    kept.push_back({{"type", "image"},
                    {"media_type", data.media_type},
                    {"bytes", models::picture_bytes(image)},
                    {"blob", *blob}});
  }
  co_return kept;
}

Task<Result<std::vector<models::Image>>> load_attachments(store::Journal& journal, std::string extra) {
  std::vector<models::Image> images;
  const Json list = list_in(extra);
  for (const Json& kept : list) {
    const std::string blob = string_or(kept, "blob");
    if (blob.empty()) {
      images.push_back({string_or(kept, "url")});
      continue;
    }
    auto data = co_await journal.get_blob(blob);
    if (!data) co_return within("a picture of the message", data.error());
    images.push_back({fmt::format("data:{};base64,{}", string_or(kept, "media_type"), *data)});
  }
  co_return images;
}

Json shown_attachments(const std::string& extra) {
  Json shown = list_in(extra);
  if (shown.empty()) return nullptr;
  for (Json& one : shown) one.erase("blob");
  return shown;
}

}  // namespace troupe::agents
