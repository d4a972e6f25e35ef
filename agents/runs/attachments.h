#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <string>
#include <vector>

/// The pictures of a run's message, in its row's `extra`: {"attachments": [{"type":"image", "url"}, …]}, and
/// for those that came as data {"type":"image", "media_type", "bytes", "blob"} with the data in a blob of the
/// journal, so that a run that is taken up again has them and a list of runs does not carry them.
namespace troupe::agents {

/// How many pictures a message may have, and how large they may be together. Errors: invalid, too_large.
Result<> check_attachments(const std::vector<models::Image>& images);

/// Keeps the data in blobs and returns what goes into `extra`. Errors: store.
Task<Result<Json>> keep_attachments(store::Journal& journal, std::vector<models::Image> images);

/// The pictures of a row, as a model is given them. Errors: store (a blob that is gone).
Task<Result<std::vector<models::Image>>> load_attachments(store::Journal& journal, std::string extra);

/// What clients are told of them: type, media_type, bytes and url; null for none.
Json shown_attachments(const std::string& extra);

}  // namespace troupe::agents
