# Shared by ./run, ./verify and .ci/run; to be sourced.
# shellcheck shell=bash

# The version of the JDK in a folder, like 25; nothing when there is no JDK.
jdk_version() {
  local version
  [[ -x $1/bin/javac ]] || return 0
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null) || true
  [[ -n $version ]] || version=$("$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
  printf '%s' "$version"
}

# Exports JAVA_HOME as a JDK of at least 25, wherever the machine keeps one, or ends with a sentence.
find_jdk() {
  local on_path='' home version
  # a link like /usr/bin/java leads to the JDK's own folder
  on_path=$(command -v javac || command -v java) && on_path=$(readlink -f "$on_path" 2>/dev/null || printf '%s' "$on_path")
  for home in "${JAVA_HOME:-}" "${on_path%/bin/*}" \
    /usr/lib*/jvm/* ~/.sdkman/candidates/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home ~/.jdks/*; do
    [[ -n $home ]] || continue
    version=$(jdk_version "$home")
    if [[ -n $version && $version -ge 25 ]]; then
      export JAVA_HOME=$home
      return
    fi
  done
  echo "Gesher needs a JDK 25 or newer, and none was found in JAVA_HOME, on the PATH or in the usual folders: install one or point JAVA_HOME at it." >&2
  exit 1
}

find_maven() {
  command -v mvn >/dev/null || {
    echo "Gesher is built by Maven 3.8 or newer, and there is no mvn on the PATH: install it (Debian: apt-get install maven)." >&2
    exit 1
  }
  # Maven's own libraries still use what JDK 25 warns about.
  # C1 and one collector thread: Maven lives too briefly for more.
  export MAVEN_OPTS="${MAVEN_OPTS:-} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
}

# Marks that ./run may start what a build made, as of the build's beginning: what changes meanwhile is newer. In the
# repository's folder.
begin_build() {
  mkdir -p target
  printf '%s' "$JAVA_HOME" >target/.building
}

end_build() { mv target/.building app/target/.built; }
