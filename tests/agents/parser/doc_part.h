#pragma once

#include <string>

namespace troupe::tests {

/// Holds what stands in a page of the documentation between `<!-- NAME: written by test_agents -->` and
/// `<!-- end of NAME -->` against `text`; with TROUPE_WRITE_DOCS set, writes it there.
void check_doc_part(const std::string& page, const std::string& name, const std::string& text);

}  // namespace troupe::tests
