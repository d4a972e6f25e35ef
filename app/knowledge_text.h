#pragma once

#include "memory/knowledge/ingest/ingest.h"
#include "memory/knowledge/ingest/preview.h"
#include "memory/knowledge/search/retrieved_json.h"
#include "memory/knowledge/search/retriever.h"
#include "memory/knowledge/store/records.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What `troupe knowledge` shows. Pure; texts of documents are as they are: see printable().
namespace troupe::app {

/// "[#########...........] 12/40 documents, 3.1 MB, 512 chunks  handbook.pdf", at most `columns` wide.
std::string progress_line(const memory::IngestProgress& progress, std::size_t columns);

/// "handbook: 3 added, 1 changed, 20 unchanged, 0 removed; 96 chunks of 1.2 MB in 0.8 s"
std::string report_line(std::string_view base, const memory::IngestReport& report);
Json to_json(std::string_view base, const memory::IngestReport& report);
/// A line of `troupe knowledge add --json`.
Json to_json(std::string_view base, const memory::IngestEvent& event);

/// "handbook: 3 would be added, …", then the sources, a line each with "+", "~" (changed), "-" or "?" (a page
/// whose server knows).
std::string preview_text(std::string_view base, const memory::IngestPreview& preview);
Json to_json(std::string_view base, const memory::IngestPreview& preview);

/// A base with some of its documents under `items`; `more`: there are others, after `next`.
Json page_json(const memory::BaseRow& base, const std::vector<memory::DocumentRow>& documents, bool more);

/// Whether a sentence of KnowledgeStore::check() is about a base: names it, or the whole file.
bool concerns(std::string_view problem, const memory::BaseKey& key);
/// What does not agree, and how to mend it; `key`: the one base that was looked at.
std::string check_text(const std::vector<std::string>& problems, const std::optional<memory::BaseKey>& key);

/// Tables: bases with how much they hold, documents of one.
std::string bases_table(const std::vector<memory::BaseRow>& bases);
std::string documents_table(const std::vector<memory::DocumentRow>& documents);
Json to_json(const memory::BaseRow& base);
Json to_json(const memory::DocumentRow& document);

/// Hits under their numbers, with score, place and text.
std::string hits_text(const memory::Retrieved& found);

}  // namespace troupe::app
