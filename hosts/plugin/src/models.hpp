// Which artifacts there are: the one that was built in, else those in a folder.

#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace plugin {

// Of the artifact that was built in; null if none was.
extern const unsigned char* const BUILT_IN;
extern const std::size_t BUILT_IN_SIZE;

struct Model {
    std::string name;  // as the host shows it
    std::string path;  // empty: built in
};

constexpr std::size_t MAX_MODELS = 128;

// DISTILL_ARTIFACTS, a file or a folder, else the folder Distill of the user's home.
inline std::filesystem::path models_place() {
    if (const char* named = std::getenv("DISTILL_ARTIFACTS"); named && *named) {
        return std::filesystem::u8path(named);
    }
#ifdef _WIN32
    const char* home = std::getenv("USERPROFILE");
#else
    const char* home = std::getenv("HOME");
#endif
    return home ? std::filesystem::u8path(home) / "Distill" : std::filesystem::path();
}

// Return all there are, by name.
inline std::vector<Model> find_models() {
    std::vector<Model> models;
    if (BUILT_IN) models.push_back({DISTILL_PLUGIN_NAME, ""});
    if (BUILT_IN && !std::getenv("DISTILL_ARTIFACTS")) return models;
    const auto place = models_place();
    std::error_code none;
    const auto add = [&](const std::filesystem::path& path) {
        if (path.extension() == ".onnx" && models.size() < MAX_MODELS) {
            models.push_back({path.stem().u8string(), path.u8string()});
        }
    };
    if (std::filesystem::is_directory(place, none)) {
        for (std::filesystem::directory_iterator entry(place, none), end; entry != end;) {
            if (entry->is_regular_file(none)) add(entry->path());
            if (entry.increment(none); none) break;
        }
    } else if (std::filesystem::is_regular_file(place, none)) {
        add(place);
    }
    std::sort(models.begin() + (BUILT_IN ? 1 : 0), models.end(), [](const Model& a, const Model& b) {
        return a.name < b.name;
    });
    return models;
}

}  // namespace plugin
