// onnxruntime, loaded at run time: its symbols are versioned, so a program that is linked to one
// release does not start with another. `OrtGetApiBase` is in all of them, and hands out any older
// release's functions.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <onnxruntime_c_api.h>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "distill/distill.hpp"

namespace distill {
namespace detail {

constexpr std::uint32_t OLDEST_API = 15;  // of release 1.15
#ifdef _WIN32
constexpr const char* LIBRARY_NAMES[] = {"onnxruntime.dll"};
constexpr const char *LIBRARY_START = "onnxruntime", *LIBRARY_SUFFIX = ".dll";
#elif defined(__APPLE__)
constexpr const char* LIBRARY_NAMES[] = {"libonnxruntime.dylib"};
constexpr const char *LIBRARY_START = "libonnxruntime", *LIBRARY_SUFFIX = ".dylib";
#else
constexpr const char* LIBRARY_NAMES[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
constexpr const char *LIBRARY_START = "libonnxruntime", *LIBRARY_SUFFIX = ".so";
#endif

// The file that holds this code: a program, or the library or plug-in that a host has loaded.
inline std::filesystem::path this_file() {
#ifdef _WIN32
    HMODULE module = nullptr;
    const auto flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    wchar_t path[32768] = L"";
    if (GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&this_file), &module)) {
        GetModuleFileNameW(module, path, 32768);
    }
    return path;
#else
    Dl_info found = {};
    if (!dladdr(reinterpret_cast<void*>(&this_file), &found) || !found.dli_fname) return {};
    std::error_code none;
    return std::filesystem::absolute(found.dli_fname, none);
#endif
}

// Return an onnxruntime library that lies in a folder, or an empty path.
inline std::filesystem::path library_in(const std::filesystem::path& folder) {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        const std::string name = entry.path().filename().u8string();
        const std::size_t suffix = name.find(LIBRARY_SUFFIX);
        const bool is_provider = name.find("providers") != std::string::npos;
        if (name.rfind(LIBRARY_START, 0) == 0 && suffix != std::string::npos && !is_provider) {
            return entry.path();
        }
    }
    return {};
}

// One loaded library and its environment. Once loaded it stays: it has threads of its own.
class Library {
  public:
    // Return the library of a path or name; the same one to all who ask.
    static std::shared_ptr<Library> load(const std::string& wanted) {
        static std::mutex loading;
        static std::map<std::string, std::weak_ptr<Library>> loaded;
        const std::lock_guard<std::mutex> lock(loading);
        const std::string path = wanted.empty() ? find_onnxruntime() : wanted;
        if (auto found = loaded[path].lock()) return found;
        auto library = std::shared_ptr<Library>(new Library(path));
        loaded[path] = library;
        return library;
    }

    ~Library() {
        if (env_) api_->ReleaseEnv(env_);
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    const OrtApi& api() const { return *api_; }
    const OrtEnv* env() const { return env_; }
    const std::string& version() const { return version_; }

    // Throw what a status says, if it says something.
    template <typename Kind = BackendError>
    void check(OrtStatus* status) const {
        if (!status) return;
        const std::string text = api_->GetErrorMessage(status);
        api_->ReleaseStatus(status);
        throw Kind("onnxruntime failed (" + summary(text) + ")");
    }

  private:
    explicit Library(const std::string& path) {
        keep_to_itself();
        const OrtApiBase* base = base_of(path);
        version_ = base->GetVersionString();
        api_ = base->GetApi(OLDEST_API);
        if (!api_) {
            throw BackendError(
                "onnxruntime " + version_ + " (" + path + ") is too old, expected 1.15 or newer");
        }
        check(api_->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "distill", &env_));
        check(api_->DisableTelemetryEvents(env_));
    }

    // From 1.32 on it reports its use to its maker unless it is told not to before it is loaded.
    static void keep_to_itself() {
        if (std::getenv("ORT_DISABLE_TELEMETRY")) return;
#ifdef _WIN32
        _putenv_s("ORT_DISABLE_TELEMETRY", "1");
#else
        setenv("ORT_DISABLE_TELEMETRY", "1", 0);
#endif
    }

    static const OrtApiBase* base_of(const std::string& path) {
        using GetApiBase = const OrtApiBase* (*)();
#ifdef _WIN32
        const auto wide = std::filesystem::u8path(path).wstring();
        HMODULE library = LoadLibraryExW(wide.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
        const std::string reason = library ? "" : "error " + std::to_string(GetLastError());
        void* symbol = library ? reinterpret_cast<void*>(GetProcAddress(library, "OrtGetApiBase")) : nullptr;
#else
        void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        const std::string reason = library ? "" : dlerror();
        if (path == LIBRARY_NAMES[0]) {  // the system's, which may have but the other name
            for (const char* name : LIBRARY_NAMES) {
                if (!library) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
            }
        }
        void* symbol = library ? dlsym(library, "OrtGetApiBase") : nullptr;
#endif
        if (!library) {
            throw BackendError(
                "onnxruntime is not there (" + summary(reason) + "): install it, or name its library "
                "in DISTILL_ONNXRUNTIME");
        }
        if (!symbol) throw BackendError(path + " is not onnxruntime: it has no OrtGetApiBase");
        return reinterpret_cast<GetApiBase>(symbol)();
    }

    static std::string summary(const std::string& text) {
        std::string line;
        for (const char letter : text) line += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
        return line.size() <= 200 ? line : line.substr(0, 197) + "...";
    }

    const OrtApi* api_ = nullptr;
    OrtEnv* env_ = nullptr;
    std::string version_;
};

}  // namespace detail

std::string find_onnxruntime() {
    if (const char* named = std::getenv("DISTILL_ONNXRUNTIME"); named && *named) return named;
    const auto beside = detail::library_in(detail::this_file().parent_path());
    if (!beside.empty()) return beside.u8string();
    return detail::LIBRARY_NAMES[0];
}

}  // namespace distill
