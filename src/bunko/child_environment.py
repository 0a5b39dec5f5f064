"""Choose what a child process finds in its environment. In: this process's variables. Out: those that it needs.

Children read documents and models that others wrote. A fault in one of their parsers must not give away the secrets
that shells keep in variables: tokens, passwords, keys of clouds. So a variable is passed on if it is known to be
needed, not if it looks harmless. docs/security.md has the list with the reasons.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

# By whole name; Windows spells them in capitals, whatever the shell shows.
_NAMES = frozenset(
    (
        # where programs, libraries, files of the user and temporary files are
        "PATH PATHEXT HOME USER LOGNAME USERNAME USERPROFILE HOMEDRIVE HOMEPATH SHELL TMPDIR TEMP TMP "
        "APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) COMMONPROGRAMFILES ALLUSERSPROFILE PUBLIC "
        "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC OS NUMBER_OF_PROCESSORS "
        # language, time zone, terminal
        "LANG LANGUAGE TZ TZDIR TERM NO_COLOR "
        # Python's environments
        "VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV "
        # the network, for children that load models: proxies and certificates
        "HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR "
        "REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HF_HOME HF_HUB_CACHE "
        # drivers and runtimes of GPUs, threads and memory
        "DRI_PRIME OCL_ICD_FILENAMES OCL_ICD_VENDORS TBBROOT CMPLR_ROOT MKLROOT ONEAPI_ROOT NODEFAULTPATH "
        # OCR
        "TESSDATA_PREFIX"
    ).split()
)
# By their beginning.
_PREFIXES = tuple(
    (
        "LC_ XDG_ PYTHON LD_ DYLD_ NIX_ PROCESSOR_ "
        "CUDA_ NVIDIA_ NCCL_ CUBLAS_ CUDNN_ HIP_ ROCR_ ROCM_ ROC_ HSA_ AMD_ GPU_ VK_ VULKAN_ MESA_ RADV_ ANV_ LIBVA_ "
        "METAL_ MTL_ ONEAPI_ SYCL_ ZE_ ZES_ UR_ IGC_ NEO_ INTEL_ ASCEND_ MUSA_ GGML_ LLAMA_ "
        "OMP_ GOMP_ KMP_ MKL_ OPENBLAS_ BLIS_ VECLIB_ NUMEXPR_ TBB_ RAYON_ MALLOC_ GLIBC_ MIMALLOC_ JEMALLOC_ "
        "ORT_ TOKENIZERS_ TORCH TRANSFORMERS_ COVERAGE_ COV_ RUST_"
    ).split()
)
# Of those, what may hold a secret all the same.
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY")
_NO_SECRET = ("TOKENIZERS_",)


def kept_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables that a child process gets.

    >>> kept_environment({"LC_ALL": "C", "https_proxy": "http://proxy", "AWS_SECRET_ACCESS_KEY": "x", "LD_TOKEN": "x"})
    {'LC_ALL': 'C', 'https_proxy': 'http://proxy'}
    """
    found = os.environ if environment is None else environment
    return {name: value for name, value in found.items() if _is_kept(name.upper())}


def own_secrets_removed(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all variables but Bunko's own, for a program that the user has set up himself: pip."""
    found = os.environ if environment is None else environment
    return {name: value for name, value in found.items() if not name.upper().startswith("BUNKO_")}


def _is_kept(name: str) -> bool:
    if name in _NAMES:
        return True
    if any(part in name for part in _SECRET) and not name.startswith(_NO_SECRET):
        return False
    return name.startswith(_PREFIXES)
