#pragma once

#include "memory/knowledge/ingest/ingest.h"
#include "memory/knowledge/search/retrieved_json.h"
#include "memory/knowledge/search/retriever.h"
#include "memory/knowledge/store/records.h"
#include "runtime/base/json.h"

#include <cstddef>
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

/// Tables: bases with how much they hold, documents of one.
std::string bases_table(const std::vector<memory::BaseRow>& bases);
std::string documents_table(const std::vector<memory::DocumentRow>& documents);
Json to_json(const memory::BaseRow& base);
Json to_json(const memory::DocumentRow& document);

/// Hits under their numbers, with score, place and text.
std::string hits_text(const memory::Retrieved& found);

}  // namespace troupe::app
