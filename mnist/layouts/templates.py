"""Lay a filled form over its empty one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images.grey import shrunk
from mnist.images.results import Plane
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.straightening import Homography, thin_ink


def homography_to(template: Plane, plane: Plane) -> Homography | str:
    """Find where a page lies over its template, however it was turned.

    Corners of printed lines and letters are matched (ORB, Rublee et al. 2011), and the printed ink
    of the template has to be on the page.

    Returns:
        From points of the page to those of the template, or in words why it does not fit.
    """
    small, scale = shrunk(plane, P.template_side)
    printed, template_scale = shrunk(template, P.template_side)
    matched = _matches(small, printed)
    if len(matched) < P.matches_least:
        return (
            f"{len(matched)} marks of the template were found on the page, at least "
            f"{P.matches_least} are expected"
        )
    fitted, inliers = cv2.findHomography(
        matched[:, 0], matched[:, 1], cv2.RANSAC, 4.0, maxIters=5_000, confidence=0.999
    )
    if fitted is None or int(inliers.sum()) < P.matches_least:
        return "the marks of the template lie elsewhere on the page"
    share = _printed_share(small, printed, np.asarray(fitted, np.float64))
    if share < P.printed_least:
        return (
            f"{share:.0%} of what is printed on the template is on the page, at least "
            f"{P.printed_least:.0%} are expected"
        )
    to_small, from_template = (
        np.diag([scale, scale, 1]),
        np.diag([1 / template_scale, 1 / template_scale, 1]),
    )
    return np.asarray(from_template @ fitted @ to_small, np.float64)


def _matches(plane: Plane, template: Plane) -> NDArray[np.float32]:
    """Pairs of a place on the page and one on the template, shape (n, 2, 2)."""
    detector = cv2.ORB.create(nfeatures=P.features, fastThreshold=10)
    there, of_page = detector.detectAndCompute(plane, None)
    here, of_template = detector.detectAndCompute(template, None)
    if of_page is None or of_template is None or len(here) < 2:
        return np.empty((0, 2, 2), np.float32)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(of_page, of_template, k=2)
    clear = [
        pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance
    ]
    return np.array(
        [(there[match.queryIdx].pt, here[match.trainIdx].pt) for match in clear], np.float32
    ).reshape(-1, 2, 2)


def _printed_share(plane: Plane, template: Plane, homography: Homography) -> float:
    """Share of the template's ink that is on the page, at most two pixels away."""
    size = (template.shape[1], template.shape[0])
    page = cv2.warpPerspective(plane, homography, size, borderValue=255)
    masks = [
        (thin_ink(np.asarray(picture, np.uint8)) > P.printed_ink).astype(np.uint8)
        for picture in (template, page)
    ]
    near = cv2.dilate(masks[1], np.ones((5, 5), np.uint8))
    return float(near[masks[0] > 0].mean()) if masks[0].any() else 0.0
