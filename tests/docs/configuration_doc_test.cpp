#include "app/configuration.h"
#include "tests/docs/configuration_reference.h"
#include "tests/fakes/doc_page.h"

#include <doctest/doctest.h>

TEST_CASE("docs/configuration.md lists every key as the schema has it") {
  const troupe::fakes::DocSection section("configuration.md", "reference: written by test_docs",
                                          "end of reference");
  CHECK_MESSAGE(section.put(troupe::docs::configuration_reference(troupe::app::schema_text())),
                section.advice());
}
