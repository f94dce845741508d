#!/bin/sh
# Makes the pictures of the examples in docs/gallery.md, with ImageMagick; look at them before you commit them.
#
#   sh scripts/example_pictures.sh docs/images
set -eu
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
. scripts/paraview.sh
find_paraview
results=$(mktemp -d)
ran=
while read -r example picture; do
    [ "$example" = "$ran" ] || headless "$PVPYTHON" "examples/$example.py" "$results" </dev/null >/dev/null
    ran=$example
    # shellcheck disable=SC2086
    convert $results/$picture -resize 400x -strip +dither -colors 96 "PNG8:$target/example-$example.png"
done <<EOF
quickstart terrain.png
heightmap heightmap.png
rgb_picture rgb_picture.png
streamlines streamlines.png
animation_4d frame*2.png
point_cloud point_cloud.png
masked_field masked_field.png
slicer_volume head.png
julia julia.png
EOF
rm -r "$results"
